import {z} from 'zod'
import {badLine, type SourceLine} from './source-text.js'

const hop = z.looseObject({
  encap: z.string().optional(),
  gateway: z.string().optional(),
  via: z.looseObject({host: z.string()}).optional(),
  dev: z.string().optional(),
  weight: z.number().optional(),
  flags: z.array(z.string()).optional(),
})
const jsonRoute = hop.extend({
  type: z.string().optional(),
  dst: z.string(),
  from: z.string().optional(),
  tos: z.string().optional(),
  table: z.union([z.string(), z.number()]).optional(),
  scope: z.string().optional(),
  prefsrc: z.string().optional(),
  metric: z.number().optional(),
  nexthops: z.array(hop).optional(),
})

/** The words that the text form would have. */
export function routeWords(value: unknown, place: SourceLine): readonly string[] {
  const parsed = jsonRoute.safeParse(value)
  if (!parsed.success) throw badLine(place, {what: 'An entry of ip -j route is no route', expected: 'an object with dst'})
  const {type, dst, from, tos, table, scope, prefsrc, metric, nexthops = [], ...own} = parsed.data
  return [
    ...(type === undefined ? [] : [type]),
    dst,
    ...pair('from', from),
    ...pair('tos', tos),
    ...hopWords(own),
    ...pair('table', table),
    ...pair('scope', scope),
    ...pair('src', prefsrc),
    ...pair('metric', metric),
    ...nexthops.flatMap((one) => ['nexthop', ...hopWords(one)]),
  ]
}

function hopWords({encap, gateway, via, dev, weight, flags = []}: z.infer<typeof hop>): readonly string[] {
  return [...pair('encap', encap), ...pair('via', gateway ?? via?.host), ...pair('dev', dev), ...pair('weight', weight), ...flags]
}

function pair(word: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [word, String(value)]
}
