import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {readCapture} from '../../src/kernel/config/capture-files.js'
import type {NetworkNamespace} from '../../src/kernel/config/namespace.js'

const STATES = fileURLToPath(new URL('../../fixtures/capture-states/', import.meta.url))

/** The shipped capture state of a node and its pods: one namespace per folder, named as the program names it. */
export function recordedNamespaces(state: string): readonly NetworkNamespace[] {
  const root = join(STATES, state, 'capture')
  return readdirSync(root).flatMap((owner) =>
    readdirSync(join(root, owner)).map((name) => {
      const dir = join(root, owner, name)
      const files = readdirSync(dir).map((file) => ({file: `${owner}/${name}/${file}`, text: readFileSync(join(dir, file), 'utf8')}))
      return readCapture({name: owner === 'node' ? name : `${owner}/${name}`, files})
    }),
  )
}
