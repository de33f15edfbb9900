import {execFile} from 'node:child_process'
import {promisify} from 'node:util'

/** The tests of the command line run what users run: the built program, never older than its sources. */
export async function setup(): Promise<void> {
  const env = {...process.env, NODE_ENV: 'production'}
  await promisify(execFile)(process.execPath, ['--import', 'tsx', 'test/tools/build.ts', '--if-stale'], {env})
}
