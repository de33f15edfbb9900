import fc from 'fast-check'
import type {Arrival, HttpRequest, Json, Payload} from '../../src/flow/connection.js'
import type {Answer, Place} from '../../src/flow/forwarder.js'
import {fraction, oneOf, type Share} from '../../src/flow/share.js'
import type {Step} from '../../src/flow/step.js'
import type {Branch, Hop, Outcome, Trace} from '../../src/flow/trace.js'
import type {Verdict} from '../../src/flow/verdict.js'
import {stepExamples, verdictExamples} from './step-examples.js'
import {productpageFlow, socket} from './trace-builders.js'

/** Names a hostile dump could hold: terminal escapes, bidi overrides, wide and combining characters, quotes, newlines. */
const hostile = fc.oneof(
  fc.constantFrom(
    '\u001B[31mred\u001B[0m',
    '\u001B]8;;http://x\u0007link',
    'a\r\nb',
    '\u202Etxt',
    '名前空間',
    'e\u0301\u0301',
    '"quoted"',
    '__proto__',
    '👩‍👩‍👧',
    '\u009B2J',
    'a  b',
  ),
  fc.string({unit: 'binary', maxLength: 20}),
  fc.string({unit: 'grapheme', maxLength: 80}),
  fc.stringMatching(/^[a-z0-9.|/-]{1,120}$/),
)
/** zod leaves a `__proto__` key out of records; that the renderer keeps it is tested by itself. */
const mapKey = hostile.filter((text) => text !== '__proto__')
const texts = fc.array(hostile, {maxLength: 3})
const socketAddress = fc.record({ip: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.integer({min: 0, max: 65_535})})

const share: fc.Arbitrary<Share> = fc.oneof(
  fc.tuple(fc.integer({min: 0, max: 20}), fc.integer({min: 1, max: 20})).map(([part, more]) => fraction(part, part + more)),
  fc.integer({min: 1, max: 9}).map(oneOf),
  fc.constant(fraction(1, 1)),
)

const place: fc.Arbitrary<Place> = fc.record(
  {
    kind: fc.constantFrom('app', 'ztunnel', 'waypoint', 'gateway', 'sidecar', 'envoy', 'node', 'outside'),
    name: hostile,
    namespace: hostile,
    node: hostile,
    cluster: hostile,
  },
  {requiredKeys: ['kind', 'name']},
)

const request: fc.Arbitrary<HttpRequest> = fc.record(
  {
    method: fc.oneof(fc.constant('CONNECT'), hostile),
    authority: hostile,
    path: hostile,
    scheme: hostile,
    headers: fc.array(fc.tuple(hostile, hostile), {maxLength: 2}),
  },
  {requiredKeys: ['method', 'authority', 'headers']},
)

const {payload} = fc.letrec<{payload: Payload}>((tie) => ({
  payload: fc.oneof(
    {maxDepth: 4, depthSize: 'small'},
    fc.constantFrom<Payload>({kind: 'opaque'}, {kind: 'unknown'}),
    fc.record({
      kind: fc.constant('proxy-protocol' as const),
      source: socketAddress,
      destination: socketAddress,
      tlvs: fc.dictionary(mapKey, hostile, {maxKeys: 2}),
      payload: tie('payload'),
    }),
    fc.record(
      {
        kind: fc.constant('tls' as const),
        sni: hostile,
        alpn: texts,
        trusted: fc.boolean(),
        payload: tie('payload'),
        peer: fc.record({uriSans: texts, dnsSans: texts}),
      },
      {requiredKeys: ['kind', 'alpn', 'trusted', 'payload']},
    ),
    fc.record(
      {
        kind: fc.constant('http' as const),
        version: fc.constantFrom('h1', 'h2'),
        request,
        tunneled: tie('payload'),
      },
      {requiredKeys: ['kind', 'version', 'request']},
    ),
  ),
}))

const json: fc.Arbitrary<Json> = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), hostile, texts, fc.record({key: hostile}))

const arrival: fc.Arbitrary<Arrival> = fc.record(
  {
    entry: fc.oneof(
      socketAddress.map(({ip, port}) => socket(ip, port)),
      hostile.map((listener) => ({kind: 'internal' as const, listener})),
      hostile.map((path) => ({kind: 'pipe' as const, path})),
    ),
    source: socketAddress,
    originalDestination: socketAddress,
    payload,
    internal: fc.record({
      metadata: fc.dictionary(mapKey, json).map((entries) => new Map(Object.entries(entries))),
      filterState: fc
        .dictionary(
          mapKey,
          fc.record({
            value: fc.option(hostile, {nil: undefined}),
            shared: fc.constantFrom('none', 'once', 'transitive'),
          }),
        )
        .map((entries) => new Map(Object.entries(entries))),
    }),
  },
  {requiredKeys: ['entry', 'payload']},
)

const step: fc.Arbitrary<Step> = fc
  .record({
    example: fc.constantFrom<Step[]>(...Object.values(stepExamples)),
    name: hostile,
    because: texts,
    opaque: fc.boolean(),
    rejected: fc.array(fc.record({candidate: hostile, because: hostile}), {maxLength: 2}),
  })
  .map(({example, name, because, opaque, rejected}) => ({
    ...example,
    because,
    rejected,
    ...('name' in example ? {name} : {}),
    ...('policy' in example ? {policy: name} : {}),
    ...('opaque' in example ? {opaque} : {}),
  }))
const steps = fc.array(step, {maxLength: 6})

const verdict: fc.Arbitrary<Verdict> = fc
  .tuple(fc.constantFrom(...Object.values(verdictExamples)), hostile)
  .map(([example, reason]) => ('reason' in example ? {...example, reason} : example))

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record(
    {kind: fc.constant('http' as const), status: fc.integer({min: 100, max: 599}), location: hostile},
    {requiredKeys: ['kind', 'status']},
  ),
  fc.record({kind: fc.constant('closed' as const), accepted: fc.boolean()}),
  fc.constantFrom<Answer>({kind: 'timeout'}, {kind: 'unknown'}, {kind: 'data', data: 'hello'}),
)

const OUTCOMES = 3

function branch(hop: number, hops: number): fc.Arbitrary<Branch> {
  const later = Array.from({length: hops - hop - 1}, (_, index) => `h${hop + index + 1}`)
  const ends = Array.from({length: OUTCOMES}, (_, index) => `o${index}`)
  return fc.record(
    {
      to: fc.constantFrom(...later, ...ends),
      share,
      steps,
      requires: fc.array(fc.record({what: hostile}), {maxLength: 2}),
      mirror: fc.constant(true as const),
    },
    {requiredKeys: ['to', 'share', 'steps', 'requires']},
  )
}

function hopAt(index: number, hops: number): fc.Arbitrary<Hop> {
  return fc.record({id: fc.constant(`h${index}`), place, arrival, steps, next: fc.array(branch(index, hops), {minLength: 1, maxLength: 4})})
}

const outcomes: fc.Arbitrary<readonly Outcome[]> = fc.tuple(
  ...Array.from({length: OUTCOMES}, (_, index) =>
    fc.record(
      {
        id: fc.constant(`o${index}`),
        verdict,
        answer,
        share,
        place,
        workload: fc.record({name: hostile, namespace: hostile, ip: fc.ipV4()}),
      },
      {requiredKeys: ['id', 'verdict', 'answer', 'share', 'place']},
    ),
  ),
)

/** Any acyclic trace, with any text in any place a dump can fill. */
export const arbitraryTrace: fc.Arbitrary<Trace> = fc.integer({min: 1, max: 8}).chain((count) =>
  fc.record({
    schemaVersion: fc.constant('ambientctl.trace/1' as const),
    question: fc.record({source: hostile, destination: hostile}),
    flow: fc.record({source: hostile, destination: hostile, assumptions: texts}).map(({source, destination, assumptions}) => ({
      ...productpageFlow,
      assumptions,
      source: {...productpageFlow.source, name: source},
      destination: {...productpageFlow.destination, name: destination},
    })),
    start: fc.constant('h0'),
    hops: fc
      .tuple(...Array.from({length: count}, (_, index) => hopAt(index, count)))
      .map((hops) => Object.fromEntries(hops.map((hop) => [hop.id, hop]))),
    outcomes: outcomes.map((ends) => Object.fromEntries(ends.map((end) => [end.id, end]))),
    verdict,
    missing: fc.array(fc.record({what: hostile, collect: hostile}), {maxLength: 2}),
    warnings: texts,
  }),
)
