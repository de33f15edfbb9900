import {oneOf, WHOLE} from '../../flow/share.js'
import {toNumber, type View} from '../../json/view.js'
import {single, type Branch} from '../branch.js'
import {headerLines, type Stream} from '../connection.js'
import type {ChosenRoute} from './choice.js'
import type {RouteContext} from './context.js'
import {pluginName, routeName} from './describe-route.js'
import {restrictDraw} from './draw.js'

/** The cluster a RouteAction names for a request. */
export type Pick =
  /** The name may be empty: then no such cluster exists. */
  | {readonly kind: 'cluster'; readonly cluster: string; readonly entry?: View; readonly draw: ChosenRoute['draw']}
  | {readonly kind: 'undetermined'; readonly missing: string}

export interface PickQuestion {
  readonly choice: ChosenRoute
  readonly action: View
  readonly stream: Stream
  readonly context: RouteContext
}

/** `cluster`, `cluster_header`, `weighted_clusters` or a specifier plugin. Source: envoy-2022 D5. */
export function pickCluster(question: PickQuestion): Branch<Pick>[] {
  const {
    choice: {draw},
    action,
    stream,
  } = question
  const cluster = action.str('cluster')
  if (cluster !== undefined) return single<Pick>({kind: 'cluster', cluster, draw})
  const header = action.str('cluster_header')
  if (header !== undefined) return single<Pick>({kind: 'cluster', cluster: headerLines(stream.request, header)[0] ?? '', draw})
  const weighted = action.get('weighted_clusters')
  return weighted === undefined ? byPlugin(question) : byWeight(question, weighted)
}

/** Only the matcher plugin says in its config what it does; no match leaves the cluster empty. */
function byPlugin({choice, action, stream, context}: PickQuestion): Branch<Pick>[] {
  const matcher = clusterMatcher(action)
  const answer = matcher === undefined ? undefined : context.evaluateMatcher?.(matcher, stream)
  if (answer === undefined || answer.outcome === 'undetermined') {
    return single<Pick>({kind: 'undetermined', missing: `cluster specifier plugin ${pluginName(action)}`})
  }
  const cluster = answer.action?.get('typed_config')?.message().str('cluster') ?? ''
  return single<Pick>({kind: 'cluster', cluster, draw: choice.draw})
}

function clusterMatcher(action: View): View | undefined {
  const config = action.path('inline_cluster_specifier_plugin', 'extension', 'typed_config')
  return config?.typeName()?.endsWith('.MatcherClusterSpecifier') === true ? config.message().get('cluster_matcher') : undefined
}

interface WeightedEntry {
  readonly entry: View
  readonly cluster: string
  readonly start: number
  readonly end: number
}

/** Entries own consecutive intervals of [0, sum of weights); the request's random value modulo that sum falls into one. */
function byWeight(question: PickQuestion, weighted: View): Branch<Pick>[] {
  const entries = weightedEntries(question, weighted)
  const total = entries.at(-1)?.end ?? 0
  if (total <= 0) return single<Pick>({kind: 'cluster', cluster: '', draw: question.choice.draw})
  const named = namedValue(question.stream, weighted.str('header_name') ?? '')
  const candidates = entries.filter(({start, end}) => start < end)
  if (named !== undefined) return fixedEntry(question, {candidates, value: Number(named % BigInt(total)), total})
  const hashed = weighted.bool('use_hash_policy') === true && question.action.list('hash_policy').length > 0
  return hashed ? hashedEntries(question, candidates) : drawnEntries(question, {candidates, total})
}

function weightedEntries({stream, context}: PickQuestion, weighted: View): readonly WeightedEntry[] {
  const prefix = weighted.str('runtime_key_prefix') ?? ''
  let end = 0
  return weighted.list('clusters').map((entry) => {
    const name = entry.str('name') ?? ''
    const override = prefix === '' ? undefined : toNumber(context.runtime?.get(`${prefix}.${name}`))
    const start = end
    end += Math.max(0, Math.trunc(override ?? entry.num('weight') ?? 0))
    return {entry, start, end, cluster: name === '' ? (headerLines(stream.request, entry.str('cluster_header') ?? '')[0] ?? '') : name}
  })
}

/** A header fixes the value if it has one line that reads as uint64; otherwise it is drawn. */
function namedValue({request}: Stream, header: string): bigint | undefined {
  const lines = header === '' ? [] : headerLines(request, header)
  const [, digits] = /^\s*\+?(\d{1,20})\s*$/.exec(lines.length === 1 ? (lines[0] ?? '') : '') ?? []
  const value = digits === undefined ? undefined : BigInt(digits)
  return value !== undefined && value < 2n ** 64n ? value : undefined
}

interface Weighing {
  readonly candidates: readonly WeightedEntry[]
  readonly total: number
}

function fixedEntry(question: PickQuestion, {candidates, value, total}: Weighing & {value: number}): Branch<Pick>[] {
  const [taken] = candidates.filter(({end}) => value < end)
  const because = `header value ${value} modulo ${total}`
  return taken === undefined ? [] : [toBranch(question, {taken, candidates, because, draw: question.choice.draw})]
}

/** Shares follow from the weights and from what earlier fractions left of the random value. */
function drawnEntries(question: PickQuestion, {candidates, total}: Weighing): Branch<Pick>[] {
  return candidates.flatMap((taken) => {
    const part = restrictDraw(question.choice.draw, {modulus: total, ranges: [[taken.start, taken.end]]})
    if (part === undefined) return []
    return [
      {
        ...toBranch(question, {taken, candidates, because: `weight ${taken.end - taken.start} of ${total}`, draw: part.draw}),
        share: part.share,
      },
    ]
  })
}

/** The hash of the request decides: always the same entry for it, but not one the weights tell. */
function hashedEntries(question: PickQuestion, candidates: readonly WeightedEntry[]): Branch<Pick>[] {
  const {
    choice: {route, draw},
  } = question
  return candidates.map((taken) => ({
    ...toBranch(question, {taken, candidates, because: 'hash policy', draw}),
    share: oneOf(candidates.length),
    requires: [{what: `the hash policy of route "${routeName(route)}" must pick ${taken.cluster}`, group: `${route.pointer}#hash`}],
  }))
}

interface Taken {
  readonly taken: WeightedEntry
  readonly candidates: readonly WeightedEntry[]
  readonly because: string
  readonly draw: ChosenRoute['draw']
}

function toBranch({choice: {route}, context}: PickQuestion, {taken, candidates, because, draw}: Taken): Branch<Pick> {
  const others = candidates.filter((other) => other !== taken)
  return {
    value: {kind: 'cluster', cluster: taken.cluster, entry: taken.entry, draw},
    share: WHOLE,
    requires: [],
    steps: [
      {
        kind: 'route',
        name: routeName(route),
        match: 'weighted_clusters',
        action: `cluster ${taken.cluster}`,
        because: [because],
        evidence: [context.evidence(taken.entry)],
        ...(others.length === 0
          ? {}
          : {rejected: others.map(({cluster, start, end}) => ({candidate: cluster, because: `weight ${end - start}`}))}),
      },
    ],
  }
}
