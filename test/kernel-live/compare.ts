import {formatSocket} from '../../src/flow/address.js'
import {canonicalIp} from '../../src/kernel/config/ip.js'
import type {Branch, Outcome, Owner} from '../../src/kernel/walk/connect.js'
import type {Counters, Observed} from './agent.js'
import {visitsOf} from './predict.js'

/** What is compared of one attempt, as lines; equal lines are an agreement. */
export type Finding = readonly string[]

export interface Comparison {
  /** `open`: the walker says that it does not know. */
  readonly kind: 'agreed' | 'open' | 'disagreed'
  readonly observed: Finding
  readonly predicted: readonly Finding[]
}

/** One of the observation's readings must be one of the branches. */
export function compareAttempt(observed: readonly Finding[], branches: readonly Branch[] | undefined): Comparison {
  const [seen = []] = observed
  if (branches === undefined || branches.some(isOpen)) return {kind: 'open', observed: seen, predicted: []}
  const predicted = branches.map(({outcome}) => predictedFinding(outcome))
  const texts = new Set(observed.map((finding) => finding.join('\n')))
  return {kind: predicted.some((finding) => texts.has(finding.join('\n'))) ? 'agreed' : 'disagreed', observed: seen, predicted}
}

function isOpen({outcome}: Branch): boolean {
  return outcome.doubts.length > 0
}

/**
 * An attempt that ran out of time may also be read as the error that its next SYN would end with, and one that was reset as connected:
 * only what is connected is reset, and it may be before anybody looks.
 */
export function observedFindings({result, pending, ...rest}: Observed, counts: ReadonlyMap<string, number>): readonly Finding[] {
  const others = [...(pending === undefined ? [] : [pending]), ...(result === 'ECONNRESET' ? ['connected'] : [])]
  const exact = [result, ...others].map((one) => observedFinding({...rest, result: one}, counts))
  return [...exact, ...exact.map((lines) => lines.map(withDrawnPort))]
}

/** The port of the other end, where the kernel may have drawn it, tells nothing. */
function withDrawnPort(line: string): string {
  return line.replace(/(?<= from \S+:)\d+ /, '* ')
}

function observedFinding({result, accepted, answered}: Omit<Observed, 'pending'>, counts: ReadonlyMap<string, number>): Finding {
  return [
    `result ${result}`,
    ...accepted.map(({namespace, port, local, peer, original}) => {
      const [at, from] = [textOf(local), textOf(peer)]
      return `accepted by ${namespace}:${port} as ${at} from ${from} original ${original === null ? at : textOf(original)}`
    }),
    `answered ${answered}`,
    ...countLines(counts),
  ]
}

function predictedFinding({result, owner, answered, passes}: Outcome): Finding {
  return [
    `result ${result}`,
    ...(owner === undefined ? [] : [acceptedLine(owner)]),
    `answered ${answered}`,
    ...countLines(visitsOf({passes})),
  ]
}

function acceptedLine({namespace, port, local, peer, originalDestination, drawnPeer}: Owner): string {
  const line = `accepted by ${namespace}:${port} as ${formatSocket(local)} from ${formatSocket(peer)} original ${formatSocket(originalDestination)}`
  return drawnPeer === true ? withDrawnPort(line) : line
}

function countLines(counts: ReadonlyMap<string, number>): readonly string[] {
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([key, count]) => `${key}: ${count}`)
    .toSorted()
}

function textOf([ip, port]: readonly [string, number]): string {
  return formatSocket({ip: canonicalIp(ip), port})
}

/** Packets per line of `iptables-save -c` or `nft list ruleset`. */
function countersOf(text: string): ReadonlyMap<number, number> {
  const rows = text.split('\n').map((line, index): readonly [number, number] => {
    const count = /^\[(\d+):\d+\] -A /.exec(line)?.[1] ?? / counter packets (\d+) /.exec(` ${line.trim()} `)?.[1]
    return [index + 1, Number(count ?? 0)]
  })
  return new Map(rows.filter(([, count]) => count > 0))
}

/** What came on top since the counters were read before. */
export function newCounts(before: Counters, after: Counters): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [namespace, text] of Object.entries(after)) {
    const earlier = countersOf(before[namespace] ?? '')
    for (const [line, count] of countersOf(text)) {
      counts.set(`${namespace} line ${line}`, count - (earlier.get(line) ?? 0))
    }
  }
  return counts
}
