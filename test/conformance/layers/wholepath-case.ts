import {z} from 'zod'

/** `input` of a flow, see the README of the layer. */
export const wholepathInput = z.looseObject({
  source: z.string(),
  sourceIp: z.string(),
  dst: z.string(),
  protocol: z.enum(['http', 'h2', 'tcp', 'tls']),
  sni: z.string().nullish(),
  http: z
    .looseObject({method: z.string(), authority: z.string(), path: z.string(), headers: z.array(z.tuple([z.string(), z.string()]))})
    .nullish(),
})

export type WholepathInput = z.infer<typeof wholepathInput>

const text = z.string().optional()

/** A record of one access log: a ztunnel's has a direction, an Envoy's a listener. */
export const link = z.looseObject({
  proxy: z.string(),
  direction: text,
  'src.identity': text,
  'dst.addr': text,
  'dst.hbone_addr': text,
  'dst.identity': text,
  listener: text,
  filter_chain: text,
  virtual_host: text,
  route: text,
  cluster: text,
  upstream_host: text,
  code: z.number().optional(),
  local: text,
})

export type Link = z.infer<typeof link>

const client = z.looseObject({result: z.string(), status: z.number().optional(), pod: text})
const counts = z.record(z.string(), z.number())

export const wholepathObserved = z.looseObject({
  client,
  chain: z.array(link),
  over_repeats: z
    .looseObject({
      n: z.number(),
      statuses: counts,
      pods: counts,
      waypoints: counts,
      waypoint_clusters: counts,
      waypoint_upstream_hosts: counts,
      ztunnel_dialled: counts,
    })
    .optional(),
})

const outcome = z.looseObject({share: z.number(), client, chain: z.array(link)})

export const wholepathPredicted = z.union([z.object({outcomes: z.array(outcome)}), z.object({undetermined: z.string()})])

export type WholepathObserved = z.infer<typeof wholepathObserved>
export type WholepathOutcome = z.infer<typeof outcome>
