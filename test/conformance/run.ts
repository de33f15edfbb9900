import {writeFileSync} from 'node:fs'
import {compareTree, type LayerResult} from './compare.js'
import {oracleRoot} from './oracle-path.js'
import {predictTree} from './predict.js'
import {conformancePage} from './page.js'

/** `--predict DIR`: NDJSON predictions on stdout. Otherwise: compare with the recordings and write docs/conformance.md. */
async function main(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--predict')
  if (at >= 0) await predictTo(args[at + 1])
  else await compareAll({write: !args.includes('--no-write')})
}

async function predictTo(dir: string | undefined): Promise<void> {
  if (dir === undefined) {
    process.stderr.write('--predict needs a directory in the recording format\n')
    process.exitCode = 64
    return
  }
  for await (const prediction of predictTree(dir)) process.stdout.write(`${JSON.stringify(prediction)}\n`)
}

async function compareAll(options: {write: boolean}): Promise<void> {
  const root = oracleRoot()
  const results = await compareTree(root)
  if (options.write) writeFileSync(new URL('../../docs/conformance.md', import.meta.url), conformancePage(results))
  for (const result of results) report(result)
  const passed = sum(results.map((result) => result.passed))
  const known = sum(results.map((result) => result.known.length))
  const failed = sum(results.map((result) => result.failed.length))
  process.stdout.write(
    `conformance: ${passed} as recorded, ${known} known gaps, ${sum(results.map((result) => result.undetermined))} undetermined in layers without engine\n`,
  )
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  if (failed > 0) process.exitCode = 1
}

function report(result: LayerResult): void {
  for (const failure of result.failed) process.stdout.write(`FAIL ${result.layer}/${failure.scenario} ${failure.id}: ${failure.why}\n`)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

await main(process.argv.slice(2))
