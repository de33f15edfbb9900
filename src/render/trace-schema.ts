import {z} from 'zod'
import {connectionSchemas} from './connection-schema.js'
import {basisSchema, evidenceSchema, socketSchema, stepSchema} from './step-schema.js'
import {verdictSchema, missingSchema} from './verdict-schema.js'

const {arrival, request} = connectionSchemas
const text = z.string()
const pairs = z.array(z.tuple([text, text]))

const share = z
  .object({
    fraction: text.regex(/^\d+(\/\d+)?$/).describe('`9/10`; `1` is all of the traffic'),
    exact: z.boolean().describe('false: weights are not known, the fraction only counts possibilities'),
  })
  .meta({id: 'Share'})

const clientKind = z.enum(['ambient', 'sidecar', 'gateway', 'uncaptured', 'outside'])

const question = z
  .object({
    source: text,
    destination: text,
    protocol: z.enum(['http', 'tcp', 'tls']).optional(),
    httpVersion: z.enum(['h1', 'h2']).optional(),
    method: text.optional(),
    path: text.optional(),
    host: text.optional(),
    headers: pairs.optional(),
    sni: text.optional(),
    fromKind: clientKind.optional(),
    proxy: text.describe('only this proxy was asked: `delivered` means that it forwards the connection').optional(),
  })
  .meta({id: 'Question', description: 'what was asked, as typed'})

const peer = z
  .object({
    name: text,
    kind: z.enum(['pod', 'service', 'node', 'address', 'outside']),
    namespace: text.optional(),
    ip: text,
    identity: text.optional(),
    basis: basisSchema,
  })
  .meta({id: 'FlowPeer'})

const flow = z
  .object({
    source: peer,
    destination: peer,
    connection: z.object({source: socketSchema, destination: socketSchema}).describe('port 0: any ephemeral port'),
    protocol: z.enum(['http', 'tcp', 'tls', 'unknown']),
    request: request.optional(),
    clientKind,
    alternatives: z.array(socketSchema).describe('all addresses of a name with several').optional(),
    assumptions: z.array(text).describe('what the question left open and the tool filled in').optional(),
  })
  .meta({id: 'Flow', description: 'the question with names resolved'})

const place = z
  .object({
    kind: z.enum(['app', 'ztunnel', 'waypoint', 'gateway', 'sidecar', 'envoy', 'node', 'outside']),
    name: text.describe('pod, node or file name'),
    namespace: text.optional(),
    node: text.optional(),
    cluster: text.optional(),
  })
  .meta({id: 'Place'})

const log = z
  .object({
    listener: text.optional(),
    handledBy: z.enum(['http', 'tcp', 'connect']).optional(),
    filterChain: text.optional(),
    virtualHost: text.optional(),
    route: text.optional(),
    cluster: text.optional(),
    upstreamHost: text.optional(),
    code: z.number().optional(),
    flags: text.optional(),
    details: text.optional(),
    access: z.record(text, text).describe('fields of a line of the Rust ztunnel, under its own names').optional(),
  })
  .meta({id: 'ProxyLog', description: 'what the access log of the proxy would say'})

const branch = z
  .object({
    to: text.describe('id of a hop or an outcome'),
    share,
    requires: z.array(z.object({what: text, group: text.optional()})).describe('what must hold outside the data'),
    steps: z.array(stepSchema).describe('steps of this branch alone'),
    log: log.optional(),
    mirror: z.literal(true).describe('a copy of the request: decides nothing for the caller').optional(),
    opened: text.describe('hop of an upstream connection that was opened before the path ended here, and carries nothing').optional(),
    calls: z.array(text).describe('hops of calls that the proxy makes of its own while the request waits').optional(),
  })
  .meta({id: 'Branch'})

const hop = z
  .object({id: text, place, arrival, steps: z.array(stepSchema), next: z.array(branch)})
  .meta({id: 'Hop', description: 'one forwarder passed once'})

const answer = z
  .discriminatedUnion('kind', [
    z.object({kind: z.literal('http'), status: z.number(), location: text.optional()}),
    z.object({kind: z.literal('closed'), accepted: z.boolean()}),
    z.object({kind: z.literal('data'), data: text.optional()}),
    z.object({kind: z.literal('timeout')}),
    z.object({kind: z.literal('unknown')}),
  ])
  .meta({id: 'Answer', description: 'what the client gets'})

const outcome = z
  .object({
    id: text,
    verdict: verdictSchema,
    answer,
    share,
    place,
    workload: z.object({name: text, namespace: text, ip: text}).optional(),
  })
  .meta({id: 'Outcome', description: 'one end of the paths'})

const finding = z
  .object({
    kind: text.describe('a slug; the set grows'),
    text,
    fault: z.literal(true).describe('something is not as its configuration asks, and the exit code says so').optional(),
    evidence: z.array(evidenceSchema),
  })
  .meta({id: 'Finding', description: 'what explains the trace and its hops alone do not say loudly'})

/** The published form of a trace. Readers accept more fields than these: the form only grows. */
export const traceSchema = z
  .object({
    schemaVersion: z.literal('ambientctl.trace/1'),
    question,
    flow,
    start: text.describe('id of the first hop'),
    hops: z.record(text, hop),
    outcomes: z.record(text, outcome),
    verdict: verdictSchema,
    missing: z.array(missingSchema),
    warnings: z.array(text),
    findings: z.array(finding).describe('the most telling first; absent without any').optional(),
  })
  .meta({title: 'ambientctl.trace/1', description: 'The answer of ambientctl to one question: an acyclic graph of hops.'})

/** JSON Schema (draft 2020-12) of `ambientctl.trace/1`, as published in docs/schema. */
export function traceJsonSchema(): object {
  return z.toJSONSchema(traceSchema, {io: 'input'})
}
