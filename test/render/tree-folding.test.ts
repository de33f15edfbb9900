import {expect, test} from 'vitest'
import {fraction, oneOf} from '../../src/flow/share.js'
import type {Outcome, Trace} from '../../src/flow/trace.js'
import {renderTree} from '../../src/render/tree.js'
import {canary, splitPath, waypointPath} from './recorded-path.js'
import {deniedMostly, diamond} from './split-paths.js'
import {captured, hop, outcome, places, socket, to, trace} from './trace-builders.js'

test('endpoints with the same outcome are drawn once', () => {
  const lines = renderTree(canary, {width: 100}).split('\n')
  expect(lines).toContain('   3 alike, first shown: productpage-v1-a 45 %, productpage-v1-b 45 %, productpage-v2-c 10 %')
  expect(lines.filter((line) => line.includes('receives on'))).toEqual([
    '6  app        productpage-v1-a                    receives on 10.4.0.5:9080',
  ])
})

test('verbose draws each of them', () => {
  const text = renderTree(canary, {width: 100, verbose: true})
  expect(text.split('\n').filter((line) => line.includes('receives on'))).toHaveLength(3)
  expect(text).toContain('├─ 45 %')
  expect(text).toContain('└─ 10 %')
})

test('many alike endpoints are counted', () => {
  const pods = Array.from({length: 6}, (_, index) => ({pod: {id: index, ip: `10.4.0.${index + 5}`, name: `v1-${index}`}, share: oneOf(6)}))
  expect(renderTree(splitPath(pods), {width: 100})).toContain('   6 alike, each one of 6, first shown: v1-0, v1-1, v1-2, v1-3 and 2 more\n')
})

test('conditions that make no difference are told together', () => {
  const next = ['h2c', 'http/1.1'].map((codec) => to('end', {share: oneOf(2), requires: [{what: `the client sends ${codec}`}]}))
  const undecided = trace({
    hops: [hop({id: 'h1', place: places.sleep, arrival: captured, next})],
    outcomes: [outcome({id: 'end', place: places.ztunnelB})],
  })
  expect(renderTree(undecided, {width: 120})).toContain('   if the client sends h2c, or if the client sends http/1.1\n')
  expect(renderTree(undecided, {width: 120, verbose: true})).toContain('├─ one of 2 · if the client sends h2c\n')
})

test('a condition stays apart from what needs none', () => {
  const next = [to('end', {share: oneOf(2)}), to('end', {share: oneOf(2), requires: [{what: 'the server speaks h2'}]})]
  const text = renderTree(
    trace({
      hops: [hop({id: 'h1', place: places.sleep, arrival: captured, next})],
      outcomes: [outcome({id: 'end', place: places.ztunnelB})],
    }),
    {width: 120},
  )
  expect(text).toContain('├─ one of 2\n')
  expect(text).toContain('└─ one of 2 · if the server speaks h2\n')
})

test('a share that is no whole percentage stays a fraction', () => {
  const pods = [1, 2].map((part) => ({pod: {id: part, ip: `10.4.0.${part}`, name: `v${part}`}, share: fraction(part, 3)}))
  expect(renderTree(splitPath(pods), {width: 100, verbose: true})).toContain('├─ 1/3\n')
})

test('ways that come together are drawn once and referred to', () => {
  const text = renderTree(diamond({left: 'a', right: 'b', order: ['left', 'right']}), {width: 100, verbose: true})
  expect(text).toContain('→ goes on at 5')
})

test('endpoints behind one proxy are told apart by their addresses', () => {
  const pods = [1, 2].map((id) => ({pod: {id, ip: `10.4.0.${id}`, name: 'same'}, share: oneOf(2)}))
  expect(renderTree(splitPath(pods), {width: 120})).toContain('   2 alike, each one of 2, first shown: 10.4.0.1:15008, 10.4.0.2:15008\n')
})

test('paths that are alike but for a port are told with their addresses', () => {
  const server = (id: string, port: number): ReturnType<typeof hop> => {
    const arrival = {...captured, originalDestination: {ip: '10.4.0.5', port}}
    return hop({id, place: {...places.ztunnelB, name: id}, arrival, next: 'end'})
  }
  const text = renderTree(
    trace({
      hops: [
        hop({id: 'h1', place: places.sleep, arrival: captured, next: ['near', 'far'].map((id) => to(id, {share: oneOf(2)}))}),
        server('near', 15_088),
        server('far', 15_008),
      ],
      outcomes: [outcome({id: 'end', place: places.ztunnelB})],
    }),
    {width: 120},
  )
  expect(text).toContain('first shown: near at 10.4.0.5:15088, far at 10.4.0.5:15008\n')
})

test('an end that several places share is explained once', () => {
  const {outcomes} = deniedMostly
  const twin = {...deniedMostly, hops: alsoToOther(deniedMostly.hops), outcomes: {...outcomes, other: onZtunnel(outcomes)}}
  const text = renderTree(twin, {width: 200})
  expect(text).toContain(
    'DENIED L7 by waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx, ztunnel istio-system/ztunnel-hptxk: policy',
  )
  expect(text.split('\n').filter((line) => line.startsWith('fix:'))).toHaveLength(1)
})

function alsoToOther(hops: Trace['hops']): Trace['hops'] {
  return Object.fromEntries(
    Object.entries(hops).map(([id, one]) => [id, one.place === places.ztunnelA ? {...one, next: [...one.next, to('other')]} : one]),
  )
}

const conditional = hop({
  id: 'waypoint',
  place: places.waypoint,
  arrival: captured,
  steps: [
    {kind: 'listener', name: 'main', address: 'internal', because: [], evidence: []},
    {kind: 'filter-chain', name: 'main', because: [], evidence: []},
    {kind: 'http-filter', name: 'stats', type: 'Wasm', effect: 'not understood', opaque: true, because: [], evidence: []},
    {kind: 'http-filter', name: 'lua', type: 'Lua', effect: 'not understood', opaque: true, because: [], evidence: []},
    {kind: 'cluster', name: 'encap', type: 'ORIGINAL_DST', because: [], evidence: []},
    {kind: 'original-destination', from: 'filter state', address: {ip: '10.4.0.5', port: 15_008}, because: [], evidence: []},
    {kind: 'endpoint', address: socket('10.4.0.5', 15_008), because: [], evidence: []},
  ],
  next: [to('end', {requires: [{what: 'HTTP filter stats must let the request pass'}]})],
})

test('folded: a condition says what its filter would, a chain named like its listener is left out, an address stands by its cluster', () => {
  const text = renderTree(trace({hops: [conditional], outcomes: [outcome({id: 'end', place: places.waypoint})]}), {width: 100})
  expect(text.split('\n').slice(-4)).toEqual([
    '1  waypoint   bookinfo-product…-5d8f7b4c66-4dzdx  main',
    '   filter     lua: not understood (opaque Lua)',
    '   cluster    encap (ORIGINAL_DST) → 10.4.0.5:15008',
    '   if         HTTP filter stats must let the request pass',
  ])
})

test('packet rules met once or twice make no other path', () => {
  const text = renderTree(neighbours(), {width: 100})
  expect(text).toContain('   2 alike, each one of 2, first shown: near, far\n')
})

/** Two endpoints, one on the node of the ztunnel: the way to the other passes two nodes. */
function neighbours(): ReturnType<typeof trace> {
  const wire = (port: number): typeof captured => ({entry: socket('10.4.0.5', port), payload: captured.payload})
  const app = (name: string): ReturnType<typeof hop> =>
    hop({id: name, place: {...places.productpage, name}, arrival: wire(9080), next: 'end'})
  const node = (id: string, next: string): ReturnType<typeof hop> => hop({id, place: places.nodeA, arrival: wire(9080), next})
  return trace({
    hops: [
      hop({id: 'z', place: places.ztunnelA, arrival: captured, next: [to('n1', {share: oneOf(2)}), to('n2', {share: oneOf(2)})]}),
      node('n1', 'near'),
      node('n2', 'n3'),
      node('n3', 'far'),
      app('near'),
      app('far'),
    ],
    outcomes: [outcome({id: 'end', place: places.productpage})],
  })
}

function onZtunnel({denied}: typeof deniedMostly.outcomes): Outcome {
  return outcome({...denied, id: 'other', place: places.ztunnelA, answer: {kind: 'closed', accepted: true}})
}

test('folded: the evidence of what stands on the line of a hop comes right below it', () => {
  const lines = renderTree(waypointPath, {width: 200, evidence: true}).split('\n')
  const at = lines.findIndex((line) => line.startsWith('3  ztunnel'))
  expect(lines[at + 1]).toBe(
    '   at         proxies/istio-system/ztunnel-hptxk.json#/configs/2/dynamic_listeners/0 (version 2022-10-21T00:00:00Z/7)',
  )
})
