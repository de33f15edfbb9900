import {isDeepStrictEqual} from 'node:util'
import {z} from 'zod'
import {routeResult, walked, type RouteResult, type Walked} from './kernel-case.js'
import {compareTraversals} from './kernel-traversals.js'

export interface Comparison {
  readonly ok: boolean
  readonly why?: string
}

const undetermined = z.object({undetermined: z.string()})
const several = z.object({any: z.array(walked)})

/** A route row on all its fields; a packet on its summary and on every pass through a namespace. */
export function compare(predicted: unknown, recorded: unknown): Comparison {
  const gap = undetermined.safeParse(predicted)
  if (gap.success) return {ok: false, why: `undetermined: ${gap.data.undetermined}`}
  const observed = walked.safeParse(recorded)
  if (!observed.success) return compareRoute(routeResult.parse(predicted), routeResult.parse(recorded))
  const alternatives = several.safeParse(predicted)
  return compareWalks(alternatives.success ? alternatives.data.any : [walked.parse(predicted)], observed.data)
}

const FIELDS = ['type', 'dev', 'via', 'prefsrc', 'table_answering', 'tables_tried'] as const

function compareRoute(predicted: RouteResult, observed: RouteResult): Comparison {
  const wrong = FIELDS.find((field) => !isDeepStrictEqual(predicted[field] ?? null, observed[field] ?? null))
  if (wrong === undefined) return {ok: true}
  return {ok: false, why: `${wrong}: predicted ${JSON.stringify(predicted[wrong])}, observed ${JSON.stringify(observed[wrong])}`}
}

/** The recorded run must be one of the predicted ones, as a whole. */
function compareWalks(predicted: readonly Walked[], observed: Walked): Comparison {
  const wanted = summaryText(observed)
  const same = predicted.filter((one) => summaryText(one) === wanted)
  if (same.length === 0) return {ok: false, why: `summary: predicted ${predicted.map(summaryText).join(' or ')}, observed ${wanted}`}
  const reasons = same.map((one) => compareTraversals(one.traversals, observed.traversals))
  const why = reasons.includes(undefined) ? undefined : reasons[0]
  return why === undefined ? {ok: true} : {ok: false, why}
}

function summaryText({summary: {owner, original_dst_seen: original, result}}: Walked): string {
  return JSON.stringify({owner: owner === null ? null : `${owner.netns}:${owner.port}`, original, result})
}
