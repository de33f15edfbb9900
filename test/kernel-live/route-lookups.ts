import fc from 'fast-check'
import {parseIp} from '../../src/kernel/config/ip.js'
import type {NetworkNamespace} from '../../src/kernel/config/namespace.js'
import {routeInput} from '../../src/kernel/route/input.js'
import {routeOutput} from '../../src/kernel/route/output.js'
import type {RouteAnswer} from '../../src/kernel/route/route.js'
import {makeNamespace, type LiveNamespace} from './route-namespace.js'
import {scenario, type Lookup, type Scenario} from './route-scenario.js'

export interface LookupTally {
  agreed: number
  /** The first disagreement, shrunk. */
  disagreement?: string
}

interface Campaign {
  readonly seed: number
  readonly states: number
  readonly name: string
}

/** Random routing states: what the kernel answers to `ip route get`, and what the walker answers. */
export function compareLookups({seed, states, name}: Campaign): LookupTally {
  const tally: LookupTally = {agreed: 0}
  const property = fc.property(scenario, (one) => {
    compare(one, name)
    tally.agreed += one.lookups.length
  })
  const {failed, errorInstance} = fc.check(property, {seed, numRuns: states, interruptAfterTimeLimit: 60_000})
  if (failed) tally.disagreement = errorInstance instanceof Error ? errorInstance.message : 'it threw'
  return tally
}

function compare(one: Scenario, name: string): void {
  const live = makeNamespace(name)
  try {
    // What the kernel refuses (a route that is there already) is left out on both sides.
    for (const route of one.routes) live.attempt('route', ...route)
    for (const rule of one.rules) live.attempt('rule', ...rule)
    const namespace = live.recorded()
    for (const lookup of one.lookups) compareOne(lookup, {live, namespace})
  } finally {
    live.remove()
  }
}

function compareOne(lookup: Lookup, {live, namespace}: {readonly live: LiveNamespace; readonly namespace: NetworkNamespace}): void {
  const {to, from, inDevice, mark, tos} = lookup
  const arriving = from === undefined || inDevice === undefined ? [] : ['from', from, 'iif', inDevice]
  const {stdout, stderr, ok} = live.attempt('route', 'get', to, ...arriving, 'mark', String(mark), 'tos', `0x${tos.toString(16)}`)
  const kernel = ok ? answerOf(stdout) : 'refused'
  const predicted = shown(predict(namespace, lookup))
  if (predicted !== kernel) {
    throw new Error(
      `${JSON.stringify(lookup)}: the kernel says ${kernel} (${`${stdout}${stderr}`.trim()}), the walker ${predicted}\n${live.ip('rule')}${live.ip('route', 'show', 'table', 'all')}`,
    )
  }
}

/** `local` or the device, with the next hop. */
function answerOf(text: string): string {
  const [line = ''] = text.split('\n')
  const via = / via (\S+)/.exec(line)?.[1]
  return `${line.startsWith('local ') ? 'local' : (/ dev (\S+)/.exec(line)?.[1] ?? '')}${via === undefined ? '' : ` via ${via}`}`
}

function predict(namespace: NetworkNamespace, {to, from, inDevice, mark, tos}: Lookup): RouteAnswer {
  const [destination, source] = [parseIp(to), parseIp(from ?? '')]
  if (destination === undefined) return {kind: 'undetermined', why: 'no address'}
  if (source === undefined || inDevice === undefined) return routeOutput(namespace, {destination, mark, tos})
  return routeInput(namespace, {destination, source, mark, tos, device: inDevice})
}

function shown(answer: RouteAnswer): string {
  if (answer.kind !== 'route') return answer.kind
  return `${answer.type === 'local' ? 'local' : answer.device}${answer.via === undefined ? '' : ` via ${answer.via}`}`
}
