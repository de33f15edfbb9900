import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {RECORDINGS} from '../conformance/oracle-path.js'

/** Layers with an engine behind them: a checkout without the shared recordings still replays these. */
const LAYERS = ['ambient2022', 'envoy']

/** `node --import tsx test/tools/copy-recordings.ts <oracle folder>`: renews test/conformance/recordings. Node writes gzip with mtime 0. */
function main(oracle: string | undefined): void {
  if (oracle === undefined) throw new Error('which folder holds the recordings?')
  rmSync(RECORDINGS, {recursive: true, force: true})
  for (const layer of LAYERS) {
    const files = readdirSync(join(oracle, layer), {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.json'))
    for (const file of files.sort()) copy(join(oracle, layer, file), join(RECORDINGS, layer, `${file}.gz`))
  }
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), {recursive: true})
  writeFileSync(to, gzipSync(readFileSync(from), {level: 9}))
}

main(process.argv[2])
