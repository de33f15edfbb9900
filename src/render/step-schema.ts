import {z} from 'zod'
import type {StepKind} from '../flow/step.js'

const text = z.string()
const texts = z.array(text)
const flag = z.boolean().optional()

export const socketSchema = z.object({ip: text, port: z.int()}).meta({id: 'SocketAddress'})

export const addressSchema = z
  .discriminatedUnion('kind', [
    z.object({kind: z.literal('socket'), ip: text, port: z.int()}),
    z.object({kind: z.literal('internal'), listener: text, endpointId: text.optional()}),
    z.object({kind: z.literal('pipe'), path: text}),
  ])
  .meta({id: 'Address'})

export const basisSchema = z.enum(['recorded', 'inferred', 'assumed'])

export const evidenceSchema = z
  .object({
    dump: text.describe('file inside the snapshot'),
    pointer: text.describe('RFC 6901 pointer, or `line N` of a text'),
    version: text.optional(),
    basis: basisSchema,
  })
  .meta({id: 'Evidence'})

const rejected = z.object({candidate: text, because: text.describe('the field that ruled it out')}).meta({id: 'Rejected'})

const base = {
  because: texts.describe('the values that decided'),
  evidence: z.array(evidenceSchema),
  rejected: z.array(rejected).optional(),
}

const named = {name: text, effect: text}
const filter = {...named, type: text, opaque: flag}
const level = z.object({
  input: text,
  value: text.nullable().describe('null: the input is absent'),
  matched: text.nullable().describe('null: nothing matched on this level'),
})

const STEPS = {
  capture: {how: text, to: socketSchema.optional()},
  rule: named,
  'route-lookup': named,
  listener: {name: text, address: text},
  'hand-off': {from: text, to: text},
  'listener-filter': {...named, opaque: flag},
  matcher: {path: z.array(level), action: text.optional()},
  'filter-chain': {name: text, default: flag},
  tls: {
    side: z.enum(['downstream', 'upstream']),
    effect: text,
    identity: text.optional(),
    peer: texts.optional(),
    expected: texts.optional(),
    alpn: texts.optional(),
    sni: text.optional(),
  },
  'network-filter': filter,
  'http-filter': filter,
  authorization: {
    layer: z.enum(['l4', 'l7']),
    action: z.enum(['ALLOW', 'DENY', 'LOG']),
    decision: z.enum(['allow', 'deny', 'log', 'undetermined']),
    policy: text.optional(),
    shadow: flag,
    clause: text.optional(),
  },
  'virtual-host': {name: text, domain: text, table: text},
  route: {name: text, match: text, action: text},
  cluster: {name: text, type: text, join: text.optional()},
  endpoint: {address: addressSchema, health: text.optional(), transportSocket: text.optional()},
  'internal-listener': {name: text, endpointId: text.optional()},
  'original-destination': {from: text, address: socketSchema},
  tunnel: {method: text, authority: text, headers: z.array(z.tuple([text, text])), identity: text.optional()},
  'service-lookup': named,
  waypoint: named,
  'load-balance': named,
  gateway: named,
  'inbound-check': named,
  deliver: {to: text, address: socketSchema.optional()},
} as const satisfies Record<StepKind, z.core.$ZodLooseShape>

function stepOf<K extends StepKind>(kind: K) {
  return z.object({kind: z.literal(kind), ...STEPS[kind], ...base})
}

/** One decision inside a hop; `kind` says which fields it has. */
export const stepSchema = z
  .discriminatedUnion('kind', [
    stepOf('capture'),
    stepOf('rule'),
    stepOf('route-lookup'),
    stepOf('listener'),
    stepOf('hand-off'),
    stepOf('listener-filter'),
    stepOf('matcher'),
    stepOf('filter-chain'),
    stepOf('tls'),
    stepOf('network-filter'),
    stepOf('http-filter'),
    stepOf('authorization'),
    stepOf('virtual-host'),
    stepOf('route'),
    stepOf('cluster'),
    stepOf('endpoint'),
    stepOf('internal-listener'),
    stepOf('original-destination'),
    stepOf('tunnel'),
    stepOf('service-lookup'),
    stepOf('waypoint'),
    stepOf('load-balance'),
    stepOf('gateway'),
    stepOf('inbound-check'),
    stepOf('deliver'),
  ])
  .meta({id: 'Step'})
