import {spawn} from 'node:child_process'
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

/**
 * What `dump` costs beside kubectl alone, as a table, measured against a real API server (`test/e2e/overhead.e2e.ts`). Undefined where no
 * programs for a cluster are to be had: then the e2e run says why, on standard output as always.
 */
export async function fetchTable(directory: string): Promise<string | undefined> {
  const figures = join(directory, 'fetching.md')
  process.stderr.write('ambientctl dump beside kubectl exec\n')
  const env = {...process.env, AMBIENTCTL_E2E_FIGURES: figures}
  const code = await new Promise<number | null>((resolve, reject) => {
    spawn(process.execPath, ['--import', 'tsx', 'test/e2e/run.ts', 'test/e2e/overhead.e2e.ts'], {env, stdio: 'inherit'})
      .on('close', resolve)
      .on('error', reject)
  })
  if (existsSync(figures)) return readFileSync(figures, 'utf8')
  if (code !== 0) process.exitCode = 1
  return undefined
}
