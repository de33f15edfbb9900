import {z} from 'zod'

/** `input` of a request that was sent to a gateway, or through a redirect to a sidecar; see the README of the layer. */
export const gatewayInput = z.looseObject({
  proxy: z.string(),
  protocol: z.enum(['http', 'tcp', 'tls']),
  port: z.number(),
  /** Original destination. */
  address: z.string().default('127.0.0.1'),
  host: z.string().optional(),
  method: z.string().default('GET'),
  path: z.string().default('/'),
  headers: z.union([z.record(z.string(), z.string()), z.array(z.tuple([z.string(), z.string()]))]).default([]),
  sni: z.string().optional(),
})

const logRow = z.looseObject({
  listener: z.string().optional(),
  chain: z.string().optional(),
  virtual_host: z.string().optional(),
  route: z.string().optional(),
  cluster: z.string().optional(),
  upstream_host: z.string().optional(),
  code: z.number().optional(),
  flags: z.string().optional(),
})

/** Counts of what the client saw, and of what the proxy logged. */
export const gatewayObserved = z.object({
  client: z.record(z.string(), z.number()),
  hops: z.array(z.object({count: z.number(), log: z.array(logRow)})),
})

export type GatewayInput = z.infer<typeof gatewayInput>
export type GatewayObserved = z.infer<typeof gatewayObserved>
export type LogRow = z.infer<typeof logRow>
