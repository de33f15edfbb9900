import fc from 'fast-check'
import {parseIp} from '../../src/kernel/config/ip.js'
import type {NetworkNamespace} from '../../src/kernel/config/namespace.js'
import {routeInput} from '../../src/kernel/route/input.js'
import {routeOutput} from '../../src/kernel/route/output.js'
import type {RouteAnswer} from '../../src/kernel/route/route.js'
import {hindrance, makeNamespace, type LiveNamespace} from './namespace.js'
import {scenario, type Lookup, type Scenario} from './scenario.js'

/**
 * Random routing states and lookups: what the kernel answers to `ip route get`, and what the walker answers. `--seed N` repeats a run.
 * Packet rules are held to recordings of real kernels only (test/conformance): they are not built here.
 */
function main(args: readonly string[]): void {
  const why = hindrance()
  if (why !== undefined) {
    process.stdout.write(`skipped: ${why}\n`)
    return
  }
  const given = args.indexOf('--seed')
  const seed = given < 0 ? Math.floor(Math.random() * 2 ** 31) : Number(args[given + 1])
  const answers: string[] = []
  process.stdout.write(`seed ${seed}\n`)
  fc.assert(
    fc.property(scenario, (one) => {
      answers.push(...compare(one))
    }),
    {seed, numRuns: RUNS},
  )
  const routed = answers.filter((answer) => answer !== 'refused').length
  process.stdout.write(`${answers.length} lookups in ${RUNS} routing states, ${routed} with a route, no disagreement
`)
}

const RUNS = 50

function compare(one: Scenario): readonly string[] {
  const live = makeNamespace(`ambientctl-test-${process.pid}`)
  try {
    // What the kernel refuses (a route that is there already) is left out on both sides.
    for (const route of one.routes) live.attempt('route', ...route)
    for (const rule of one.rules) live.attempt('rule', ...rule)
    const namespace = live.recorded()
    return one.lookups.map((lookup) => compareOne(lookup, {live, namespace}))
  } finally {
    live.remove()
  }
}

function compareOne(lookup: Lookup, {live, namespace}: {readonly live: LiveNamespace; readonly namespace: NetworkNamespace}): string {
  const {to, from, inDevice, mark} = lookup
  const arriving = from === undefined || inDevice === undefined ? [] : ['from', from, 'iif', inDevice]
  const {stdout, stderr, ok} = live.attempt('route', 'get', to, ...arriving, 'mark', String(mark))
  const kernel = ok ? answerOf(stdout) : 'refused'
  const predicted = shown(predict(namespace, lookup))
  if (predicted !== kernel) {
    throw new Error(
      `${JSON.stringify(lookup)}: the kernel says ${kernel} (${`${stdout}${stderr}`.trim()}), the walker ${predicted}\n${live.ip('rule')}${live.ip('route', 'show', 'table', 'all')}`,
    )
  }
  return kernel
}

/** `local` or the device, with the next hop. */
function answerOf(text: string): string {
  const [line = ''] = text.split('\n')
  const via = / via (\S+)/.exec(line)?.[1]
  return `${line.startsWith('local ') ? 'local' : (/ dev (\S+)/.exec(line)?.[1] ?? '')}${via === undefined ? '' : ` via ${via}`}`
}

function predict(namespace: NetworkNamespace, {to, from, inDevice, mark}: Lookup): RouteAnswer {
  const [destination, source] = [parseIp(to), parseIp(from ?? '')]
  if (destination === undefined) return {kind: 'undetermined', why: 'no address'}
  if (source === undefined || inDevice === undefined) return routeOutput(namespace, {destination, mark})
  return routeInput(namespace, {destination, source, mark, device: inDevice})
}

function shown(answer: RouteAnswer): string {
  if (answer.kind !== 'route') return answer.kind
  return `${answer.type === 'local' ? 'local' : answer.device}${answer.via === undefined ? '' : ` via ${answer.via}`}`
}

main(process.argv.slice(2))
