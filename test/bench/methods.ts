import {existsSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {questionNear} from './synthetic.js'

export interface Method {
  readonly name: string
  readonly command: readonly string[]
  /** It does not read the dump: its time is a floor for all others. */
  readonly isFloor?: true
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What is measured on one dump, baselines first. Our own code runs from `dist`, as users run it. */
export function methodsFor(dump: string, services: number): readonly Method[] {
  const {listener, host} = questionNear(Math.floor(services / 2))
  const walk = ['walk', 'load-test', '--listener', listener, '--authority', host, '--method', 'GET', '--path', '/', '-o', 'minimal']
  return [
    {name: 'node -e 0', command: [process.execPath, '-e', '0'], isFloor: true},
    {name: 'read the file, 256 kB at a time', command: script(READ, dump)},
    {name: 'JSON.parse(readFile)', command: script(PARSE, dump)},
    {name: 'jq: names of all clusters', command: ['jq', '-r', '.configs[].dynamic_active_clusters[]?.cluster.name', dump]},
    {name: 'our scanner: check every byte', command: script(SCAN, dump)},
    {name: 'our splitter: JSON.parse of each element', command: script(SPLIT, dump)},
    {name: 'our index, then 5 look-ups', command: script(INDEX, dump, String(services))},
    {name: 'ambientctl walk', command: [process.execPath, `${ROOT}bin/run.js`, ...walk, '--file', `${dump}=load-test`]},
  ]
}

/** @throws Error when there is no build to measure. */
export function requireBuild(): void {
  if (!existsSync(`${ROOT}dist/json/splitter.js`)) throw new Error('build first: npm run build')
}

function script(source: string, ...args: readonly string[]): readonly string[] {
  return [process.execPath, '--input-type=module', '-e', source, ...args]
}

const DIST = new URL('../../dist/', import.meta.url).href

const READ = `
import {openSync, readSync} from 'node:fs'
const file = openSync(process.argv[1], 'r'), chunk = Buffer.alloc(262144)
while (readSync(file, chunk) > 0);
`

const PARSE = `
import {readFileSync} from 'node:fs'
const {configs} = JSON.parse(readFileSync(process.argv[1], 'utf8'))
if (configs.length === 0) process.exitCode = 1
`

const SCAN = `
import {openSync, readSync} from 'node:fs'
import {JsonScanner} from '${DIST}json/scanner.js'
const file = openSync(process.argv[1], 'r'), chunk = Buffer.alloc(262144)
const ignore = () => undefined
const scanner = new JsonScanner({open: ignore, close: ignore, key: ignore, scalar: ignore})
for (let count; (count = readSync(file, chunk)) > 0;) scanner.push(chunk.subarray(0, count))
scanner.finish()
if (scanner.problem) throw new Error(scanner.problem.code)
`

const SPLIT = `
import {createReadStream} from 'node:fs'
import {splitDump} from '${DIST}json/split.js'
let elements = 0
for await (const part of splitDump(createReadStream(process.argv[1], {highWaterMark: 262144}))) {
  if (part.kind === 'problem') throw new Error(part.problem.code)
  elements++
}
if (elements === 0) process.exitCode = 1
`

const INDEX = `
import {openDump} from '${DIST}snapshot/open-dump.js'
const [path, services] = process.argv.slice(1)
const {store} = await openDump({name: path, from: path})
for (const part of [0.1, 0.3, 0.5, 0.7, 0.9]) {
  const index = Math.floor(Number(services) * part)
  const name = 'outbound|8080||service-' + index + '.namespace-' + (index % 97) + '.svc.cluster.local'
  const found = ['dynamic_active_clusters', 'dynamic_endpoint_configs'].flatMap((section) => store.find(section, name))
  if (found.length !== 2 || found.some((ref) => store.read(ref).value === undefined)) throw new Error('not found: ' + name)
}
`
