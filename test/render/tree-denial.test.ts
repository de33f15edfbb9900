import {describe, expect, test} from 'vitest'
import type {Answer} from '../../src/flow/forwarder.js'
import type {Step} from '../../src/flow/step.js'
import type {Verdict} from '../../src/flow/verdict.js'
import {renderTree} from '../../src/render/tree.js'
import {captured, dialled, endingIn, evidence, hop, outcome, places, to, trace} from './trace-builders.js'

const unmatched: Step = {
  kind: 'authorization',
  layer: 'l4',
  action: 'ALLOW',
  decision: 'deny',
  policy: 'none',
  because: ['no policy matches'],
  rejected: [{candidate: 'db/clients', because: 'identity exact "a"'}],
  evidence: [],
}
const reason = 'rbac_access_denied_matched_policy[none]'
const notAccepted: Answer = {kind: 'closed', accepted: false}

function linesOf(verdict: Verdict, options: {steps?: readonly Step[]; answer?: Answer; evidence?: boolean; width?: number}): string[] {
  const {width = 100} = options
  return renderTree(endingIn(verdict, options), {width, evidence: options.evidence === true}).split('\n')
}

test('a denial without a policy says so in words, and what came nearest', () => {
  const lines = linesOf({kind: 'denied', layer: 'l4', reason}, {steps: [unmatched]})
  expect(lines).toContain('   DENY L4    no ALLOW policy matches')
  expect(lines).toContain('   not        db/clients: identity exact "a"')
  expect(lines).toContain(`   ✗ DENIED L4: no ALLOW policy matches (${reason})`)
})

test('unfolded, a denial does not repeat that no policy matches', () => {
  const text = renderTree(endingIn({kind: 'denied', layer: 'l4', reason}, {steps: [unmatched]}), {width: 100, verbose: true})
  expect(text.split('\n')).toContain('   DENY L4    no ALLOW policy matches')
})

test('a long list of candidates is counted at its end', () => {
  const rejected = Array.from({length: 40}, (_, index) => ({candidate: `c${index}`, because: 'differs'}))
  const lines = linesOf({kind: 'denied', layer: 'l4', reason}, {steps: [{...unmatched, rejected}]})
  expect(lines.filter((line) => line.includes('differs'))).toHaveLength(24)
  expect(lines).toContain('   not        +16 more: -o json lists them all')
})

test('an ALLOW policy that a ztunnel went through is named', () => {
  const passed: Step = {...unmatched, policy: 'db/clients', clause: 'principal a', rejected: []}
  const lines = linesOf({kind: 'denied', layer: 'l4', reason: 'connection closed due to policy rejection'}, {steps: [passed]})
  expect(lines).toContain('   DENY L4    db/clients does not match (principal a)')
  expect(lines).toContain('   ✗ DENIED L4: no ALLOW policy matches (connection closed due to policy rejection)')
})

test('a denial by something that is no policy keeps its reason', () => {
  expect(linesOf({kind: 'denied', layer: 'l7', reason: 'csrf_origin_mismatch'}, {})).toContain('   ✗ DENIED L7: csrf_origin_mismatch')
})

test('what came nearest stays folded where nothing is denied', () => {
  const allowed: Step = {...unmatched, decision: 'allow', policy: 'db/others'}
  expect(linesOf({kind: 'delivered'}, {steps: [allowed]}).join('\n')).not.toContain('db/clients')
})

test('a hand-off to another listener decides, and has its line', () => {
  const because = ['original destination 10.8.14.40:15006', 'use_original_dst']
  const steps: readonly Step[] = [
    {kind: 'listener', name: 'outbound', address: '0.0.0.0:15001', because: [], evidence: []},
    {kind: 'hand-off', from: 'outbound', to: 'inbound', because, evidence: []},
  ]
  const line = '   hand-off   outbound → inbound · original destination 10.8.14.40:15006 · use_original_dst'
  expect(linesOf({kind: 'dangling-reference', reason: 'no cluster'}, {steps})).toContain(line)
})

test('evidence is wrapped and never cut, and told once', () => {
  const at = evidence(`/configs/3/dynamic_listeners/0/active_state/listener/${'matcher_tree/'.repeat(12)}action`)
  const steps: readonly Step[] = [{...unmatched, evidence: [at, at]}]
  const text = linesOf({kind: 'denied', layer: 'l4', reason}, {steps, evidence: true, width: 60}).join('')
  expect(text.replaceAll(' ', '').split(at.pointer)).toHaveLength(2)
})

test('a Location and a delay are told, though the path ends well', () => {
  const fault: Step = {
    kind: 'http-filter',
    name: 'fault',
    type: 'envoy.extensions.filters.http.fault.v3.HTTPFault',
    effect: 'delays 10/100 of the requests',
    because: [],
    evidence: [],
  }
  const redirect: Verdict = {kind: 'responded', status: 302, location: 'https://reviews/', reason: 'the route redirects'}
  const lines = linesOf(redirect, {steps: [fault]})
  expect(lines).toContain('   filter     fault: delays 10/100 of the requests')
  expect(lines).toContain('   ✓ RESPONDED 302: the route redirects to https://reviews/')
})

test('40 columns: a name that goes below is only the name', () => {
  const lines = renderTree(endingIn({kind: 'delivered'}), {width: 40}).split('\n')
  expect(lines.find((line) => line.startsWith('2'))).toBe('2  ztunnel    ztunnel-hptxk')
})

describe('what the client sees', () => {
  const closed = 'seen:     client is connected, then closed'
  const failed = 'seen:     client cannot connect'

  test('a proxy accepts before it matches', () => {
    expect(linesOf({kind: 'no-filter-chain', reason: 'none fits'}, {answer: notAccepted})).toContain(closed)
  })

  test('a proxy that does not listen accepts nothing', () => {
    expect(linesOf({kind: 'no-listener', reason: 'nothing listens'}, {answer: notAccepted})).toContain(failed)
  })

  test('behind a proxy the client is connected, before it not', () => {
    const end = {place: places.productpage, verdict: {kind: 'no-listener', reason: 'closed port'}, answer: notAccepted} as const
    const behind = trace({
      hops: [
        hop({id: 'h1', place: places.sleep, arrival: dialled, next: 'h2'}),
        hop({id: 'h2', place: places.ztunnelA, arrival: captured, next: 'h3'}),
        hop({id: 'h3', place: places.productpage, arrival: captured, next: 'o1'}),
      ],
      outcomes: [outcome({id: 'o1', ...end})],
    })
    const before = trace({
      hops: [
        hop({id: 'h1', place: places.sleep, arrival: dialled, next: 'h2'}),
        hop({id: 'h2', place: places.nodeA, arrival: captured, next: 'o1'}),
      ],
      outcomes: [outcome({id: 'o1', ...end})],
    })
    expect(renderTree(behind, {width: 100}).split('\n')).toContain(closed)
    expect(renderTree(before, {width: 100}).split('\n')).toContain(failed)
  })
})

describe('the layer of a waypoint', () => {
  const passing = (handledBy: 'http' | 'tcp', protocol: 'http' | 'tcp'): string => {
    const [, line = ''] = renderTree(
      trace({
        hops: [
          hop({id: 'h1', place: places.sleep, arrival: dialled, next: 'h2'}),
          hop({id: 'h2', place: places.waypoint, arrival: captured, next: [to('o1', {log: {handledBy}})]}),
        ],
        outcomes: [outcome({id: 'o1', place: places.productpage})],
        flow: {protocol},
      }),
      {width: 200},
    ).split('\n')
    return line
  }

  test.each([
    {handledBy: 'tcp', protocol: 'tcp', layer: 'L4'},
    {handledBy: 'http', protocol: 'http', layer: 'L7'},
    {handledBy: 'tcp', protocol: 'http', layer: 'L4'},
  ] as const)('$layer where it passes $protocol on as $handledBy', ({handledBy, protocol, layer}) => {
    expect(passing(handledBy, protocol)).toMatch(new RegExp(`^DELIVERED · ${layer} through waypoint`))
  })
})

test('hops of several clusters say which', () => {
  const lines = renderTree(
    trace({
      hops: [
        hop({id: 'h1', place: {...places.sleep, cluster: 'east'}, arrival: dialled, next: 'h2'}),
        hop({id: 'h2', place: {...places.ztunnelB, cluster: 'west'}, arrival: captured, next: 'o1'}),
      ],
      outcomes: [outcome({id: 'o1', place: {...places.productpage, cluster: 'west'}})],
    }),
    {width: 200},
  ).split('\n')
  expect(lines.find((line) => line.startsWith('1'))).toContain('sleep-7656cf8794-x7kjp@east')
  expect(lines.find((line) => line.startsWith('2'))).toContain('ztunnel-vx9cd@west')
})
