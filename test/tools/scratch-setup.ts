import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

let before: string | undefined
let scratch: string | undefined

/** Whatever tests leave in the temporary directory goes when all have ended: workers are ended before they could tidy up. */
export function setup(): void {
  before = process.env['TMPDIR']
  scratch = mkdtempSync(path.join(tmpdir(), 'ambientctl-tests-'))
  process.env['TMPDIR'] = scratch
}

export function teardown(): void {
  if (before === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = before
  if (scratch !== undefined) rmSync(scratch, {recursive: true, force: true})
}
