import {stripVTControlCharacters} from 'node:util'
import {expect, test} from 'vitest'
import type {Json} from '../../src/flow/connection.js'
import {outlookOf, type VerdictKind} from '../../src/flow/verdict.js'
import {colourLevel} from '../../src/render/colour.js'
import {fixFor} from '../../src/render/fixes.js'
import {renderMinimal} from '../../src/render/minimal.js'
import {renderTrace, TRACE_FORMATS} from '../../src/render/render-trace.js'
import {createTheme} from '../../src/render/theme.js'
import {toJson, traceDocument} from '../../src/render/trace-json.js'
import {renderTree} from '../../src/render/tree.js'
import {canary, waypointPath} from './recorded-path.js'
import {deniedMostly} from './split-paths.js'
import {stepExamples, verdictExamples} from './step-examples.js'
import {captured, dialled, endingIn, hbone, hop, outcome, places, SLEEP, socket, to, trace} from './trace-builders.js'

test.each(TRACE_FORMATS)('%s is loaded on demand, and ends without a newline', async (format) => {
  const text = await renderTrace(waypointPath, {format, width: 80})
  expect(text.toLowerCase()).toContain('delivered')
  expect(text).not.toMatch(/\n$/)
})

test.each(Object.values(stepExamples))('a $kind step has its line, with the values that decided', (step) => {
  const {
    because: [because = ''],
    kind,
  } = step
  const text = renderTree(
    trace({
      hops: [hop({id: 'h', place: places.ztunnelA, arrival: captured, steps: [step], next: 'o'})],
      outcomes: [outcome({id: 'o', place: places.ztunnelA})],
    }),
    {width: 300, verbose: true, evidence: true},
  )
  // The path of a matcher says all that decided.
  const said = step.kind === 'matcher' ? (step.path[0]?.input ?? because) : because
  const line = text.split('\n').find((each) => each.includes(` ${said}`))
  expect(line, kind).toMatch(/^ {3}[A-Za-z][\w -]{0,9} +\S/)
  expect(text).toContain('   at         proxies/istio-system/ztunnel-hptxk.json#/configs/2/dynamic_listeners/0')
  expect(text).not.toMatch(/undefined|\[object/)
})

test.each(Object.values(verdictExamples))('a trace that ends in $kind says so, and what to do', (verdict) => {
  const text = renderTree(endingIn(verdict), {width: 120})
  expect(text.split('\n')[1]).toMatch(new RegExp(`^${verdict.kind.toUpperCase()}`))
  expect(text.includes('\nfix:      ')).toBe(outlookOf(verdict) === 'negative')
  expect(text.includes('\nmissing:  no dump of ztunnel-vx9cd\ncollect:  ambientctl dump')).toBe(verdict.kind === 'undetermined')
})

test('the fix catalogue has an entry for every negative verdict, and for no other', () => {
  const kinds = Object.values(verdictExamples)
    .filter((verdict) => outlookOf(verdict) === 'negative')
    .map(({kind}) => kind)
  const entries = Object.values(verdictExamples)
    .filter(({kind}) => fixFor(kind) !== undefined)
    .map(({kind}): VerdictKind => kind)
  expect(entries).toEqual(kinds)
})

test('colour only repeats what the text says', () => {
  for (const example of [waypointPath, deniedMostly, canary]) {
    const coloured = renderTree(example, {width: 90, theme: createTheme(3)})
    expect(coloured).toContain('\u001B[')
    expect(stripVTControlCharacters(coloured)).toBe(renderTree(example, {width: 90}))
  }
})

test('NO_COLOR leaves no escape', () => {
  const level = colourLevel({noColorFlag: false, env: {NO_COLOR: '1', FORCE_COLOR: '3'}, isTTY: true})
  expect(renderTree(deniedMostly, {width: 90, theme: createTheme(level)})).toBe(renderTree(deniedMostly, {width: 90}))
})

test('escapes in names are shown, not obeyed', () => {
  const place = {...places.ztunnelA, name: 'z\u001B]0;owned\u0007\n\u202Eevil'}
  const hostile = trace({
    hops: [hop({id: 'h', place, arrival: captured, next: 'o'})],
    outcomes: [outcome({id: 'o', place})],
  })
  expect(renderTree(hostile, {width: 120})).toContain(String.raw`z\x1b]0;owned\x07\n\u{202e}evil`)
  expect(renderMinimal(hostile)).toContain(String.raw`"z\u001b]0;owned\u0007\n\u{202e}evil"`.slice(1, -1))
})

test('plaintext between machines is drawn, a redirection on one machine is not', () => {
  const away = {...places.productpage, node: 'gke-b'}
  const text = renderTree(
    trace({
      hops: [
        hop({id: 'a', place: places.sleep, arrival: dialled, next: 'z'}),
        hop({id: 'z', place: places.ztunnelA, arrival: captured, next: 'p'}),
        hop({id: 'p', place: away, arrival: {entry: socket('10.4.0.5', 9080), payload: {kind: 'opaque'}}, next: 'o'}),
      ],
      outcomes: [outcome({id: 'o', place: away})],
    }),
    {width: 100},
  )
  expect(text.split('\n').filter((line) => line.includes('▶'))).toEqual(['   ── TCP     to 10.4.0.5:9080 (plaintext) ──▶'])
})

test('double HBONE names both tunnels', () => {
  const inner = hbone({authority: '10.0.0.9:9080', identity: SLEEP})
  const text = renderTree(
    trace({
      hops: [
        hop({id: 'z', place: places.ztunnelA, arrival: captured, next: 'g'}),
        hop({
          id: 'g',
          place: {kind: 'gateway', name: 'eastwest', namespace: 'istio-system'},
          next: 'o',
          arrival: {
            entry: socket('35.0.0.1', 15_008),
            payload: hbone({authority: 'reviews.default.svc.cluster.local:9080', identity: SLEEP, inside: inner}),
          },
        }),
      ],
      outcomes: [outcome({id: 'o', place: places.ztunnelA})],
    }),
    {width: 200},
  )
  expect(text).toContain(
    `   ══ HBONE   CONNECT reviews.default.svc.cluster.local:9080 as ${SLEEP}, inside CONNECT 10.0.0.9:9080 as ${SLEEP} ══▶`,
  )
})

test('JSON: shares as fractions, maps as objects, absent values as null, any key is only a key', () => {
  const state = new Map([['__proto__', {value: undefined, shared: 'once' as const}]])
  const document = toJson(
    trace({
      hops: [
        hop({
          id: 'h',
          place: places.ztunnelA,
          next: [to('o', {share: {numerator: 2n, denominator: 3n, exact: false}})],
          arrival: {
            ...captured,
            internal: {
              metadata: new Map<string, Json>([
                ['b', 1],
                ['a', [null]],
              ]),
              filterState: state,
            },
          },
        }),
      ],
      outcomes: [outcome({id: 'o', place: places.ztunnelA})],
    }),
  )
  expect(document).toContain('"internal":{"filterState":{"__proto__":{"shared":"once","value":null}},"metadata":{"a":[null],"b":1}}')
  expect(document).toContain('"share":{"fraction":"2/3","exact":false}')
})

test('JSON has one order of keys, whatever the order of fields', () => {
  const shuffled = Object.fromEntries(Object.entries(canary).toReversed())
  expect(toJson({...canary, ...shuffled})).toBe(JSON.stringify(traceDocument(canary)))
  const keys = [...toJson(canary).matchAll(/"(schemaVersion|question|flow|verdict|start|hops|missing|outcomes|warnings)":/g)].map(
    ([, key]) => key,
  )
  expect(keys.slice(0, 5)).toEqual(['schemaVersion', 'question', 'flow', 'verdict', 'start'])
})
