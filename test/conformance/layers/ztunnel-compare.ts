import {isDeepStrictEqual} from 'node:util'
import {
  type Comparison,
  dnsObserved,
  inboundObserved,
  type InboundVariant,
  logObserved,
  outboundObserved,
  outboundPredicted,
  type OutboundResult,
} from './ztunnel-case.js'
import {compareLogs} from './ztunnel-log-compare.js'
import {ZTUNNEL_SLACK, isWithinSample} from '../sampling.js'

/** Compares one case by the shape of its table. */
export function compare(predicted: unknown, recorded: unknown): Comparison {
  const logs = logObserved.safeParse(recorded)
  if (logs.success) return compareLogs(predicted, logs.data)
  const dns = dnsObserved.safeParse(recorded)
  if (dns.success) return compareDns(predicted, dns.data)
  const inbound = inboundObserved.safeParse(recorded)
  return inbound.success ? compareInbound(predicted, inbound.data.variants) : compareOutbound(predicted, recorded)
}

/**
 * Sets exact, SANs as sets, shares within what a sample of that many draws may show. Where the order of arrival decided, each recorded result must be among the
 * predicted ones; where it did not, there must be one prediction only.
 */
function compareOutbound(predicted: unknown, recorded: unknown): Comparison {
  const prediction = outboundPredicted.parse(predicted)
  if ('undetermined' in prediction) return {ok: false, why: `undetermined: ${prediction.undetermined}`}
  const {otherHistories = [], draws, ...observed} = outboundObserved.parse(recorded)
  const {alternatives = [], ...first} = prediction
  const differs = difference(draws)
  if (alternatives.length > 0 || otherHistories.length > 0) {
    return compareHistories(differs, {predictions: [first, ...alternatives], recordings: [observed, ...otherHistories]})
  }
  const why = differs(first, observed)
  return why === undefined ? {ok: true} : {ok: false, why}
}

interface Histories {
  readonly predictions: readonly OutboundResult[]
  readonly recordings: readonly OutboundResult[]
}

/** A dump that shows who holds an address leaves one answer, which must be a recorded one. */
function compareHistories(differs: Difference, {predictions, recordings}: Histories): Comparison {
  const legitimate = (one: OutboundResult): boolean => recordings.some((recording) => differs(one, recording) === undefined)
  const [only, ...others] = predictions
  if (only !== undefined && others.length === 0 && legitimate(only)) return {ok: true}
  const extra = predictions.find((one) => !legitimate(one))
  const missed = recordings.find((one) => predictions.every((other) => differs(other, one) !== undefined))
  return missed === undefined && (extra === undefined || recordings.length > 1)
    ? {ok: true}
    : {ok: false, why: `not predicted: ${JSON.stringify(missed)}, not recorded: ${JSON.stringify(extra)}`}
}

type Difference = (predicted: OutboundResult, observed: OutboundResult) => string | undefined

function difference(draws: number): Difference {
  return (predicted, observed) => {
    const [mine, theirs] = [entriesOf(predicted), entriesOf(observed)]
    const keys = [...new Set([...mine.keys(), ...theirs.keys()])].toSorted()
    const wrong = keys.find((key) => !isAsRecorded({share: mine.get(key), seen: theirs.get(key), draws}))
    if (wrong === undefined) return undefined
    return `${wrong}: predicted ${String(mine.get(wrong))}, observed ${String(theirs.get(wrong))}`
  }
}

interface Measured {
  readonly share: number | undefined
  readonly seen: number | undefined
  readonly draws: number
}

function isAsRecorded({share, seen, draws}: Measured): boolean {
  return share !== undefined && seen !== undefined && isWithinSample({share, seen, of: draws, slack: ZTUNNEL_SLACK})
}

/** What is told apart, with its share. */
function entriesOf({outcomes, errors}: OutboundResult): ReadonlyMap<string, number> {
  return new Map([
    ...outcomes.map(({share, ...fields}) => [keyOf(fields), share] as const),
    ...errors.map(({error, share}) => [error, share] as const),
  ])
}

function keyOf(fields: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(fields).filter(([, value]) => !isDeepStrictEqual(value, []) && value !== undefined)
  const sorted = entries.map(([key, value]) => [key, Array.isArray(value) ? [...new Set(value.map(String))].toSorted() : value] as const)
  return JSON.stringify(sorted.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** The same variants, no more and no less. */
function compareInbound(predicted: unknown, observed: readonly InboundVariant[]): Comparison {
  const prediction = inboundObserved.safeParse(predicted)
  if (!prediction.success) return {ok: false, why: JSON.stringify(predicted)}
  const [mine, theirs] = [variantKeys(prediction.data.variants), variantKeys(observed)]
  return isDeepStrictEqual(mine, theirs) ? {ok: true} : {ok: false, why: `predicted ${mine.join(' | ')}, observed ${theirs.join(' | ')}`}
}

function variantKeys(variants: readonly InboundVariant[]): readonly string[] {
  return variants
    .map(({phase, verdict, error, httpStatus, upstreamAddr, tunnelRequest}) =>
      JSON.stringify([
        phase,
        verdict,
        error ?? null,
        httpStatus ?? null,
        upstreamAddr ?? null,
        tunnelRequest?.protocol ?? null,
        tunnelRequest?.target ?? null,
      ]),
    )
    .toSorted()
}

type DnsAnswer = ReturnType<typeof dnsObserved.parse>

/** Several answers come in random order: compared as a set. */
function compareDns(predicted: unknown, observed: DnsAnswer): Comparison {
  const prediction = dnsObserved.safeParse(predicted)
  if (!prediction.success) return {ok: false, why: JSON.stringify(predicted)}
  const [mine, theirs] = [dnsKey(prediction.data), dnsKey(observed)]
  return mine === theirs ? {ok: true} : {ok: false, why: `predicted ${mine}, observed ${theirs}`}
}

function dnsKey({rcode, answers}: DnsAnswer): string {
  return [rcode, ...answers.map(({type, data}) => `${type} ${data}`).toSorted()].join(' ')
}
