import {describe, expect, it} from 'vitest'
import {fraction} from '../../src/flow/share.js'
import type {Step} from '../../src/flow/step.js'
import type {Place} from '../../src/flow/forwarder.js'
import type {Trace} from '../../src/flow/trace.js'
import {renderTree} from '../../src/render/tree.js'
import {captured, dialled, endingIn, hop, outcome, places, to, trace} from './trace-builders.js'

describe('the heading', () => {
  it.each([
    {names: ['wp-5d8f7b4c66-4dzdx', 'wp-5d8f7b4c66-x7kjp'], text: 'L7 through 2 pods of waypoint default/wp'},
    {names: ['wp-5d8f7b4c66-4dzdx'], text: 'L7 through waypoint default/wp-5d8f7b4c66-4dzdx'},
    {
      names: ['other-5d8f7b4c66-x7kjp', 'wp-5d8f7b4c66-4dzdx'],
      text: 'L7 through waypoint default/other-5d8f7b4c66-x7kjp, default/wp-5d8f7b4c66-4dzdx',
    },
  ])('says $text', ({names, text}) => {
    expect(renderTree(throughWaypoints(names), {width: 200})).toContain(text)
  })
})

describe('a balancing step', () => {
  it.each([
    {effect: 'endpoint Kubernetes//Pod/bookinfo/waypoint-x', text: 'svc: endpoint bookinfo/waypoint-x'},
    {effect: 'endpoint net/SplitHorizonWorkload/a/b', text: 'svc: endpoint net/SplitHorizonWorkload/a/b'},
    {effect: 'kube-proxy: 10.4.0.5:80, one of 1', text: 'svc: kube-proxy: 10.4.0.5:80'},
    {effect: 'kube-proxy: 10.4.0.5:80, one of 12', text: 'svc: kube-proxy: 10.4.0.5:80, one of 12'},
  ])('says $text', ({effect, text}) => {
    const step: Step = {kind: 'load-balance', name: 'svc', effect, because: [], evidence: []}
    const lines = renderTree(endingIn({kind: 'delivered'}, {steps: [step]}), {width: 200, verbose: true}).split('\n')
    expect(lines.find((line) => line.includes('balance'))?.trim()).toMatch(new RegExp(`^balance +${text.replaceAll('.', '\\.')}$`))
  })
})

function throughWaypoints(names: readonly string[]): Trace {
  const waypoints = names.map((name): Place => ({...places.waypoint, name}))
  return trace({
    hops: [
      hop({id: 'app', place: places.sleep, arrival: dialled, next: 'ztunnel'}),
      hop({
        id: 'ztunnel',
        place: places.ztunnelA,
        arrival: captured,
        next: names.map((name) => to(name, {share: fraction(1, names.length)})),
      }),
      ...waypoints.map((place) => hop({id: place.name, place, arrival: dialled, next: 'end'})),
    ],
    outcomes: [outcome({id: 'end', place: places.productpage})],
  })
}
