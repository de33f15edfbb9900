import {expect, test} from 'vitest'
import {renderMinimal} from '../../src/render/minimal.js'
import {canary, waypointPath} from './recorded-path.js'
import {verdictExamples} from './step-examples.js'
import {deniedMostly, diamond} from './split-paths.js'
import {endingIn, hop, places, productpageFlow, captured, dialled, outcome, to, trace} from './trace-builders.js'
import {fraction} from '../../src/flow/share.js'

test('one path: a line per hop, the verdict last', () => {
  expect(renderMinimal(waypointPath)).toMatchInlineSnapshot(`
    "from default/sleep-7656cf8794-x7kjp 10.4.2.19 to productpage.default.svc.cluster.local 10.8.4.226:9080 http GET productpage:9080/
    ztunnel istio-system/ztunnel-hptxk at 10.8.4.226:9080
    waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx at 10.4.3.10:15006 hbone 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep
    ztunnel istio-system/ztunnel-vx9cd at 10.4.0.5:15008 hbone 10.4.0.5:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage
    app default/productpage-v1-7d4d8b6b55-qp6xk at 10.4.0.5:9080 => delivered
    verdict delivered"
  `)
})

test('endpoints are branches of their own, the larger share first', () => {
  expect(renderMinimal(canary)).toMatchInlineSnapshot(`
    "from default/sleep-7656cf8794-x7kjp 10.4.2.19 to productpage.default.svc.cluster.local 10.8.4.226:9080 http GET productpage:9080/
    ztunnel istio-system/ztunnel-hptxk at 10.8.4.226:9080
    waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx at 10.4.3.10:15006 hbone 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep
    [9/20]
      ztunnel istio-system/ztunnel-vx9cd at 10.4.0.5:15008 hbone 10.4.0.5:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage
      app default/productpage-v1-a at 10.4.0.5:9080 => delivered
    [9/20]
      ztunnel istio-system/ztunnel-vx9cd at 10.4.0.6:15008 hbone 10.4.0.6:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage
      app default/productpage-v1-b at 10.4.0.6:9080 => delivered
    [1/10]
      ztunnel istio-system/ztunnel-vx9cd at 10.4.0.7:15008 hbone 10.4.0.7:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage
      app default/productpage-v2-c at 10.4.0.7:9080 => delivered
    verdict delivered"
  `)
})

test('ends, conditions and the shares of the verdicts', () => {
  expect(renderMinimal(deniedMostly)).toMatchInlineSnapshot(`
    "from default/sleep-7656cf8794-x7kjp 10.4.2.19 to productpage.default.svc.cluster.local 10.8.4.226:9080 http GET productpage:9080/
    ztunnel istio-system/ztunnel-hptxk at 10.8.4.226:9080
    [9/10]
      waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx at 10.4.3.10:15008 hbone 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep => denied l7 default/viewer, http 403
    [1/10] if "server must speak h2"
      app default/productpage-v1-7d4d8b6b55-qp6xk at 10.4.0.5:9080 => delivered
    verdict denied 9/10, delivered 1/10"
  `)
})

test('a hop that several ways reach is printed once', () => {
  expect(renderMinimal(diamond({left: 'a', right: 'b', order: ['left', 'right']}))).toMatchInlineSnapshot(`
    "from default/sleep-7656cf8794-x7kjp 10.4.2.19 to productpage.default.svc.cluster.local 10.8.4.226:9080 http GET productpage:9080/
    waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx at 10.4.3.10:15008 hbone 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep
    [one of 2]
      ztunnel istio-system/ztunnel-vx9cd at 10.4.0.5:15008 hbone 10.4.0.5:9080 as spiffe://cluster.local/ns/default/sa/sleep
      app default/productpage-v1-7d4d8b6b55-qp6xk at 10.4.0.5:9080 #1
      [1/2] => delivered
      [1/2] => denied l7 default/viewer, closed
    [one of 2]
      ztunnel istio-system/ztunnel-vx9cd at 10.4.0.5:15008 hbone 10.4.0.5:9081 as spiffe://cluster.local/ns/default/sa/sleep
      see #1
    verdict denied 1/2, delivered 1/2"
  `)
})

test('neither names of listeners and hops nor the order of branches change a byte', () => {
  const original = renderMinimal(diamond({left: 'a', right: 'b', order: ['left', 'right']}))
  expect(renderMinimal(diamond({left: 'x', right: 'c', order: ['right', 'left']}))).toBe(original)
})

test('branches that look the same from outside are one', () => {
  const way = (id: string): ReturnType<typeof hop> =>
    hop({
      id,
      place: places.waypoint,
      arrival: {entry: {kind: 'internal', listener: id}, payload: dialled.payload},
      next: 'end',
    })
  const text = renderMinimal(
    trace({
      hops: [
        hop({id: 'start', place: places.sleep, arrival: dialled, next: 'in'}),
        hop({
          id: 'in',
          place: places.waypoint,
          arrival: captured,
          next: [to('a', {share: fraction(1, 3)}), to('b', {share: fraction(2, 3)})],
        }),
        way('a'),
        way('b'),
      ],
      outcomes: [
        outcome({id: 'end', place: places.waypoint, verdict: {kind: 'no-route', reason: 'x'}, answer: {kind: 'http', status: 404}}),
      ],
      verdict: {kind: 'no-route', reason: 'x'},
    }),
  )
  expect(text.split('\n').slice(1)).toEqual([
    `waypoint default/${places.waypoint.name} at 10.8.4.226:9080 => no-route, http 404`,
    'verdict no-route',
  ])
})

test.each(Object.values(verdictExamples))('$kind has a line of its own', (verdict) => {
  const lines = renderMinimal(endingIn(verdict)).split('\n')
  expect(lines[1]).toContain(` => ${verdict.kind}`)
  expect(lines.at(-1)).toBe(`verdict ${verdict.kind}`)
})

const answers = [
  {answer: {kind: 'http', status: 403}, text: 'denied l4, http 403'},
  {answer: {kind: 'http', status: 302, location: 'https://x/'}, text: 'denied l4, http 302 https://x/'},
  {answer: {kind: 'closed', accepted: true}, text: 'denied l4, accepted then closed'},
  {answer: {kind: 'closed', accepted: false}, text: 'denied l4, closed'},
  {answer: {kind: 'timeout'}, text: 'denied l4, timeout'},
  {answer: {kind: 'unknown'}, text: 'denied l4'},
] as const

test.each(answers)('what the client gets: $text', ({answer, text}) => {
  const end = endingIn({kind: 'denied', layer: 'l4', reason: 'no ALLOW policy matched'}, {answer})
  expect(renderMinimal(end).split('\n')[1]?.split(' => ')[1]).toBe(text)
})

test('a word with blanks or quotes is quoted, escapes are spelled out', () => {
  const flow = {...productpageFlow, source: {...productpageFlow.source, name: 'a "b"\u001B[2J'}}
  const [first] = renderMinimal({...endingIn({kind: 'delivered'}), flow}).split('\n')
  expect(first).toContain(String.raw`from "default/a \"b\"\u001b[2J" 10.4.2.19 to `)
})

test('a request a proxy has rewritten shows on its line', () => {
  const rewritten = {
    ...captured,
    payload: {kind: 'http' as const, version: 'h1' as const, request: {method: 'GET', authority: 'v2', path: '/x', headers: []}},
  }
  const text = renderMinimal(
    trace({
      hops: [
        hop({id: 'start', place: places.sleep, arrival: dialled, next: 'z'}),
        hop({id: 'z', place: places.ztunnelA, arrival: rewritten, next: 'o'}),
      ],
      outcomes: [outcome({id: 'o', place: places.ztunnelA, verdict: {kind: 'passthrough'}})],
    }),
  )
  expect(text).toContain('at 10.8.4.226:9080 http GET v2/x => passthrough\n')
})
