import {z} from 'zod'

/** One row of `route_get*.json`: inputs, and the answers that are compared. */
export const routeRow = z.looseObject({
  id: z.string(),
  netns: z.string(),
  dst: z.string(),
  src: z.string().nullish(),
  iif: z.string().nullish(),
  mark: z.string(),
})

const table = z.union([z.string(), z.number()])

export const routeResult = z.object({
  type: z.string().nullish(),
  dev: z.string().nullish(),
  via: z.string().nullish(),
  prefsrc: z.string().nullish(),
  table_answering: table.nullish(),
  tables_tried: z.array(table),
})

export type RouteRow = z.infer<typeof routeRow>
export type RouteResult = z.infer<typeof routeResult>

/** `input` of one case of `cases.json`. */
export const attemptInput = z.looseObject({
  netns: z.string(),
  proto: z.enum(['tcp', 'udp', 'icmp']),
  src: z.string().nullish(),
  sport: z.number().nullish(),
  dst: z.string(),
  dport: z.number().nullish(),
  mark: z.string(),
  ip_transparent: z.boolean().nullish(),
})

const owner = z.looseObject({netns: z.string(), port: z.number()}).nullable()

const summary = z.looseObject({owner, original_dst_seen: z.string().nullable(), result: z.string()})

const ruleStep = z.looseObject({table: z.string(), chain: z.string(), n: z.number().optional()})

const afterHook = z.looseObject({
  src: z.string(),
  sport: z.number().nullish(),
  dst: z.string(),
  dport: z.number().nullish(),
  mark: z.string(),
  iif: z.string().nullish(),
  oif: z.string().nullish(),
  ct_state: z.string().nullish(),
})

export const traversal = z.looseObject({
  netns: z.string(),
  packet: z.string(),
  order_unknown: z.boolean().optional(),
  hooks: z.array(z.looseObject({hook: z.string(), rules: z.array(ruleStep), after: afterHook.nullable()})),
})

export const walked = z.looseObject({summary, traversals: z.array(traversal)})

export type AttemptInput = z.infer<typeof attemptInput>
export type Traversal = z.infer<typeof traversal>
export type Walked = z.infer<typeof walked>

/** What is known of a scenario's machines beside the commands' outputs. */
export const inventory = z.looseObject({
  nodes: z.array(
    z.looseObject({
      netns: z.string(),
      internalIP: z.string().optional(),
      podCIDR: z.string().optional(),
      ipv4: z.string().optional(),
      ipv6: z.string().optional(),
      pod_gateway4: z.string().optional(),
      pod_gateway6: z.string().optional(),
    }),
  ),
  pods: z.array(
    z.looseObject({
      name: z.string(),
      netns: z.string(),
      ip: z.string().optional(),
      ips: z.array(z.string()).optional(),
      node_side_device: z.string(),
      enrolled: z.boolean().optional(),
      role: z.string().optional(),
      listens_tcp: z.array(z.number()),
      listens_udp: z.array(z.number()),
    }),
  ),
  services: z.array(z.looseObject({vip: z.string().optional(), vips: z.array(z.string()).optional(), endpoints: z.array(z.string())})),
  other_netns: z.array(z.looseObject({netns: z.string(), addresses: z.array(z.string()), behind: z.string().optional()})),
})

export type Inventory = z.infer<typeof inventory>
