import {z} from 'zod'
import {addressSchema, socketSchema} from './step-schema.js'

const text = z.string()

const request = z
  .object({
    method: text,
    authority: text,
    path: text.optional(),
    scheme: text.optional(),
    headers: z.array(z.tuple([text, text])).describe('header lines in order, names in lower case'),
  })
  .meta({id: 'HttpRequest'})

const certificate = z.object({uriSans: z.array(text), dnsSans: z.array(text), subject: text.optional()}).meta({id: 'PeerCertificate'})

const proxyProtocol = z.object({
  kind: z.literal('proxy-protocol'),
  source: socketSchema,
  destination: socketSchema,
  tlvs: z.record(text, text),
  get payload() {
    return payload
  },
})

const tls = z.object({
  kind: z.literal('tls'),
  sni: text.optional(),
  alpn: z.array(text),
  peer: certificate.optional(),
  expects: z
    .array(z.object({match: z.enum(['exact', 'prefix']), value: text}))
    .describe('names of which the server must present one')
    .optional(),
  trusted: z.boolean().describe('false: signed by an authority the mesh does not trust'),
  get payload() {
    return payload
  },
})

const http = z.object({
  kind: z.literal('http'),
  version: z.enum(['h1', 'h2']),
  request,
  http10: z.literal(true).optional(),
  get tunneled() {
    return payload.optional()
  },
})

/** What a connection carries, outermost layer first. */
const payload = z
  .discriminatedUnion('kind', [z.object({kind: z.literal('opaque')}), z.object({kind: z.literal('unknown')}), proxyProtocol, tls, http])
  .meta({id: 'Payload'})

const filterState = z
  .object({
    value: text.nullable().describe('null: set, but its content is not known'),
    shared: z.enum(['none', 'once', 'transitive']),
  })
  .meta({id: 'FilterStateValue'})

const internal = z
  .object({
    metadata: z.record(text, z.json()),
    filterState: z.record(text, filterState),
    peer: certificate.optional(),
  })
  .meta({id: 'InternalContext', description: 'what one Envoy hands to its own internal listener'})

const arrival = z
  .object({
    entry: addressSchema,
    source: socketSchema.optional(),
    originalDestination: socketSchema.optional(),
    ingress: z.enum(['workload', 'ztunnel', 'host', 'network']).optional(),
    payload,
    internal: internal.optional(),
  })
  .meta({id: 'Arrival', description: 'a connection reaching one forwarder'})

export const connectionSchemas = {arrival, request}
