import type {Hook} from '@oclif/core'
import {watchProcessEnd} from './process-end.js'

/** Runs before everything, help and version included. */
export const init: Hook<'init'> = function () {
  watchProcessEnd()
  return Promise.resolve()
}
