import {Buffer} from 'node:buffer'
import {IndexBuilder} from '../../src/json/index-builder.js'
import {splitDump} from '../../src/json/split.js'
import {servicesFor, syntheticChunks} from './synthetic.js'

/** Enough for the garbage collector to reach its steady size. */
const WARM_UP_MEGABYTES = 30

/** Runs in a process of its own: `index` or `split` over a synthetic stream of so many megabytes; prints what it cost. */
async function main(): Promise<void> {
  const [way, megabytes] = process.argv.slice(2)
  const run = way === 'index' ? index : split
  await run(servicesFor(WARM_UP_MEGABYTES * 1e6))
  const before = process.resourceUsage().maxRSS
  const elements = await run(servicesFor(Number(megabytes) * 1e6))
  process.stdout.write(JSON.stringify({elements, grownMegabytes: (process.resourceUsage().maxRSS - before) / 1024}))
}

function index(services: number): Promise<number> {
  const builder = new IndexBuilder()
  for (const chunk of syntheticChunks(services)) builder.push(Buffer.from(chunk))
  const {resources, problem} = builder.finish()
  return problem === undefined ? Promise.resolve(resources.length) : Promise.reject(new Error(problem.code))
}

async function split(services: number): Promise<number> {
  let elements = 0
  for await (const part of splitDump(bytesOf(services))) {
    if (part.kind === 'problem') throw new Error(part.problem.code)
    elements++
  }
  return elements
}

async function* bytesOf(services: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (const chunk of syntheticChunks(services)) yield await Promise.resolve(Buffer.from(chunk))
}

await main()
