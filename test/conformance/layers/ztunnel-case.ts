import {z} from 'zod'

export interface Comparison {
  readonly ok: boolean
  readonly why?: string
}

/** `input` of the outbound tables, see the README of the layer. */
export const outboundInput = z.object({
  table: z.enum(['outbound', 'outbound-1.20']),
  ztunnel: z.object({dump: z.string()}),
  source: z.object({name: z.string(), namespace: z.string(), serviceAccount: z.string(), ip: z.string()}),
  destination: z.string(),
})

const outcome = z.looseObject({share: z.number()})
const failure = z.looseObject({error: z.string(), share: z.number()})
const result = z.object({outcomes: z.array(outcome), errors: z.array(failure)})

export const outboundPredicted = z.union([result.extend({alternatives: z.array(result).optional()}), z.object({undetermined: z.string()})])

export const outboundObserved = result.extend({draws: z.number(), otherHistories: z.array(result).optional()})

/** What an inventory tells beside the dumps: answers of the resolver, and ports that applications listen on. */
export const inventory = z.looseObject({
  dnsAnswers: z.record(z.string(), z.array(z.string())).optional(),
  pods: z
    .array(
      z.looseObject({
        ips: z.array(z.string()).optional(),
        listensOn: z.array(z.number()).optional(),
        podUid: z.string().nullish(),
        capturedByZtunnel: z.boolean().optional(),
      }),
    )
    .optional(),
})

export type OutboundInput = z.infer<typeof outboundInput>
export type OutboundResult = z.infer<typeof result>

/** `input` of the inbound table. */
export const inboundInput = z.object({
  table: z.literal('inbound'),
  ztunnel: z.object({dump: z.string()}),
  destination: z.object({name: z.string(), namespace: z.string(), serviceAccount: z.string()}),
  transport: z.enum(['hbone', 'plaintext']),
  source: z.object({address: z.string(), identity: z.string().nullable()}),
  connectionDestination: z.string(),
  authority: z.string().optional(),
  method: z.string().optional(),
})

const variant = z.looseObject({
  phase: z.string(),
  verdict: z.string(),
  error: z.string().nullish(),
  httpStatus: z.number().nullish(),
  upstreamAddr: z.string().nullish(),
  tunnelRequest: z.looseObject({protocol: z.string(), target: z.string()}).nullish(),
})

export const inboundObserved = z.object({variants: z.array(variant)})

export type InboundInput = z.infer<typeof inboundInput>
export type InboundVariant = z.infer<typeof variant>

/** `input` of the DNS table. */
export const dnsInput = z.object({
  table: z.literal('dns'),
  ztunnel: z.object({dump: z.string()}),
  client: z.object({uid: z.string()}),
  name: z.string(),
  type: z.enum(['A', 'AAAA']),
})

export const dnsObserved = z.object({rcode: z.string(), answers: z.array(z.looseObject({type: z.string(), data: z.string()}))})

export type DnsInput = z.infer<typeof dnsInput>

/** `input` of the live flows. */
export const logInput = z.object({
  table: z.literal('access_logs'),
  source: z.object({name: z.string(), uid: z.string(), ip: z.string(), captured: z.boolean(), node: z.string()}),
  destination: z.string(),
  dumps: z.record(z.string(), z.string()),
})

export const logObserved = z.object({srcLogLines: z.array(z.string()), dstLogLines: z.array(z.string())})

export const logPredicted = z.object({srcLog: z.array(z.record(z.string(), z.string())), dstLog: z.array(z.record(z.string(), z.string()))})

export type LogObserved = z.infer<typeof logObserved>
export type LogInput = z.infer<typeof logInput>

/** Any case of the layers `ztunnel` and `ztunnel-old`. */
export const ztunnelInput = z.union([outboundInput, inboundInput, dnsInput, logInput])
