import {z} from 'zod'

const names = z.object({
  uri: z.array(z.string()).optional(),
  dns: z.array(z.string()).optional(),
  cn: z.string().optional(),
  o: z.string().optional(),
})
const tls = z.object({
  sni: z.string().nullish(),
  alpn: z.array(z.string()).nullish(),
  identity: z.union([z.string(), names]).nullish(),
  ca: z.string().nullish(),
})
const http = z.object({
  version: z.enum(['h1', 'h2']),
  method: z.string(),
  authority: z.string(),
  path: z.string().nullish(),
  headers: z.array(z.tuple([z.string(), z.string()])).nullish(),
})
const payload = z.object({
  tls: tls.nullish(),
  http: http.nullish(),
  raw: z.string().nullish(),
  get inner(): z.ZodOptional<z.ZodNullable<typeof payload>> {
    return payload.nullable().optional()
  },
})

/** `input` of a case of the envoy layer, see the README of that layer. */
export const envoyInput = payload.extend({
  arrive: z.string().optional(),
  capture: z.enum(['direct', 'proxy_protocol', 'redirect', 'outbound', 'inbound']),
  captured_to: z.number().optional(),
  src: z.string(),
  dst: z.string().optional(),
  direct_src: z.string().optional(),
  tlvs: z.record(z.string(), z.string()).optional(),
})

export const envoyPayload = payload

export type EnvoyInput = z.infer<typeof envoyInput>
export type EnvoyPayload = z.infer<typeof payload>
export type EnvoyTls = z.infer<typeof tls>
export type EnvoyHttp = z.infer<typeof http>

export interface Client {
  readonly result: string
  readonly status?: number | undefined
  readonly inner?: Client | undefined
  readonly location?: string | undefined
}

const client: z.ZodType<Client> = z.looseObject({
  result: z.string(),
  status: z.number().optional(),
  location: z.string().optional(),
  get inner(): z.ZodOptional<z.ZodType<Client>> {
    return client.optional()
  },
})

const hop = z.looseObject({
  listener: z.string().optional(),
  filter_chain: z.string().optional(),
  virtual_host: z.string().optional(),
  route: z.string().optional(),
  cluster: z.string().optional(),
  upstream_host: z.string().optional(),
  code: z.number().optional(),
})

const counts = z.record(z.string(), z.number()).optional()

export const envoyObserved = z.looseObject({
  client,
  hops: z.array(hop),
  over_repeats: z.looseObject({n: z.number(), clusters: counts, upstream_hosts: counts}).optional(),
})

/** What this project predicts for the layer. */
export const envoyPredicted = z.union([
  z.object({outcomes: z.array(z.looseObject({share: z.number(), client, hops: z.array(hop)})), alsoLogged: z.array(hop).optional()}),
  z.object({undetermined: z.string()}),
])

export type HopRow = z.infer<typeof hop>
export type EnvoyObserved = z.infer<typeof envoyObserved>
export type EnvoyOutcome = Extract<z.infer<typeof envoyPredicted>, {outcomes: unknown}>['outcomes'][number]
