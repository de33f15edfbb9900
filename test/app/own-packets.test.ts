import {describe, expect, test} from 'vitest'
import type {Forwarder} from '../../src/flow/forwarder.js'
import {WHOLE} from '../../src/flow/share.js'
import {captures, GUEST, hopsOf, outcomes, REVIEWS, traceGa, without, type Asked} from './recorded-world.js'

// What a captured pod, or the ztunnel in it, sends to the pod itself (ambient-ga E, H.1, H.4).

const OWN = '10.244.3.7'
const FOLDER = 'bookinfo/reviews-v1'

function ends(asked: Omit<Asked, 'from'>): readonly string[] {
  const graph = traceGa({from: REVIEWS, ...asked})
  return [...hopsOf(graph).filter((hop) => hop.startsWith('ztunnel')), ...outcomes(graph)]
}

const RECORDED = captures('in-pod').filter(({kind}) => kind === 'pod')

describe('an app that calls its own pod', () => {
  test.each([
    {what: 'rules that were recorded', recorded: RECORDED},
    {what: 'rules that are assumed', recorded: []},
  ])('$what', ({recorded}) => {
    expect(ends({to: OWN, port: 9080, captures: recorded})).toEqual(['1 delivered reviews-v1'])
    expect(ends({to: '127.0.0.1', port: 9080, captures: recorded})).toEqual(['1 delivered reviews-v1'])
  })

  test('meets ztunnel at its ports', () => {
    const at = (ip: string, port: number): readonly string[] => [
      `ztunnel ztunnel at ${ip}:${port} dialled ${ip}:${port} from ${OWN}`,
      '1 delivered ztunnel',
    ]
    expect(ends({to: '127.0.0.1', port: 15_001})).toEqual(at('127.0.0.1', 15_001))
    expect(ends({to: OWN, port: 15_008})).toEqual(at(OWN, 15_008))
    expect(ends({to: OWN, port: 15_008, captures: RECORDED})).toEqual(at(OWN, 15_008))
  })

  test('a pod that is not captured has no ztunnel at these ports', () => {
    const graph = traceGa({from: GUEST, to: '127.0.0.1', port: 15_001})
    expect(outcomes(graph)).toEqual(['1 delivered guest'])
  })

  test('DNS over TCP comes to the DNS proxy, or may', () => {
    const graph = (recorded: typeof RECORDED): ReturnType<typeof traceGa> => traceGa({from: REVIEWS, to: OWN, port: 53, captures: recorded})
    expect(missing(graph(RECORDED))).toEqual(["what ztunnel's DNS proxy answers"])
    expect(missing(graph([]))).toEqual(["whether DNS over TCP goes to ztunnel's DNS proxy (dnsCapture of istio-cni)"])
  })

  test('is captured where the rule that lets it pass is gone', () => {
    const gone = captures('in-pod', without(FOLDER, /-o lo -j ACCEPT$/)).filter(({kind}) => kind === 'pod')
    expect(ends({to: OWN, port: 9080, captures: gone})).toEqual([
      `ztunnel ztunnel at ${OWN}:15001 dialled ${OWN}:9080 from ${OWN}`,
      '1 delivered ztunnel',
    ])
  })
})

function missing({outcomes: all}: ReturnType<typeof traceGa>): readonly string[] {
  return Object.values(all).flatMap(({verdict}) => (verdict.kind === 'undetermined' ? verdict.missing.map(({what}) => what) : []))
}

/** Dials the app in the name of the client, as ztunnel does with what comes in. */
const DIALS_THE_APP: Forwarder = {
  place: {kind: 'ztunnel', name: 'ztunnel'},
  forward: ({source, payload}) => ({
    steps: [],
    exits: [
      {
        kind: 'depart',
        share: WHOLE,
        requires: [],
        steps: [],
        departure: {
          to: {kind: 'socket', ip: OWN, port: 9080},
          source: source === undefined ? {kind: 'own'} : {kind: 'kept', address: source},
          payload,
        },
      },
    ],
  }),
}

describe('what ztunnel brings to the app in the name of the client', () => {
  const asked = {from: GUEST, to: OWN, port: 9080, ztunnel: DIALS_THE_APP}
  const INTACT = captures('in-pod')

  test('is answered by way of table 100', () => {
    expect(outcomes(traceGa({...asked, captures: INTACT}))).toEqual(['1 delivered reviews-v1'])
    expect(hopsOf(traceGa({...asked, captures: INTACT}))).toEqual(hopsOf(traceGa(asked)))
  })

  test.each([
    {what: 'the ip rule', edit: without(FOLDER, /^32764:/)},
    {what: 'the route', edit: without(FOLDER, /^local default/)},
    {what: 'the rule that notes the mark', edit: without(FOLDER, /--set-xmark 0x111/)},
    {what: 'the rule that restores it', edit: without(FOLDER, /--restore-mark/)},
  ])('is lost without $what', ({edit}) => {
    expect(outcomes(traceGa({...asked, captures: captures('in-pod', edit)}))).toEqual(['1 dropped node'])
  })
})
