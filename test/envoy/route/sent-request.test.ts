import {describe, expect, test} from 'vitest'
import {sentRequestSteps} from '../../../src/envoy/route/sent-request.js'
import {connectTo, evidenceOf, requestOf, streamOf} from '../match/samples.js'
import {chosen, clusterOf, resolve} from './routing.js'

function effects(route: object, request = requestOf()): readonly string[] {
  const target = clusterOf(chosen(route), streamOf(request))
  return sentRequestSteps(target, {sent: target.stream.request, evidence: evidenceOf}).map((step) => ('effect' in step ? step.effect : ''))
}

/** What the next hop sees differs from what this one got: the reader is told where. */
describe('sentRequestSteps', () => {
  test.each([
    {name: 'nothing changed', route: {}, effect: []},
    {
      name: 'the recording prefix-rewrite',
      match: {prefix: '/old/'},
      route: {prefix_rewrite: '/new/'},
      request: requestOf({path: '/old/x?y=1'}),
      effect: ['path /old/x?y=1 becomes /new/x?y=1'],
    },
    {name: 'the recording host-literal', route: {host_rewrite_literal: 'literal.test'}, effect: ['host a.test becomes literal.test']},
    {
      name: 'path, host, and what is not known',
      match: {prefix: '/'},
      route: {prefix_rewrite: '/v1/', host_rewrite: '%REQ(x-host)%'},
      effect: ['path / becomes /v1/, host a.test becomes %REQ(x-host)%, host_rewrite is not fully known'],
    },
    {
      name: 'a CONNECT has no path to tell',
      match: {connect_matcher: {}},
      route: {prefix_rewrite: '/x'},
      request: connectTo('q.test:1'),
      effect: [],
    },
  ])('$name', ({match = {prefix: '/'}, route, request, effect}) => {
    expect(effects({match, route: {cluster: 'c', ...route}}, request)).toEqual(effect)
  })

  test('the step points to the route', () => {
    const target = clusterOf(chosen({route: {cluster: 'c', host_rewrite_literal: 'b.test'}}))
    expect(sentRequestSteps(target, {sent: target.stream.request, evidence: evidenceOf})).toEqual([
      {
        kind: 'http-filter',
        name: 'router',
        type: 'request',
        effect: 'host a.test becomes b.test',
        because: [],
        evidence: [{dump: 'sample', pointer: '/route', basis: 'recorded'}],
      },
    ])
  })

  test('a copy tells its own host, and what the original could not tell', () => {
    const route = {route: {cluster: 'c', path_rewrite: '/%REQ(x)%', request_mirror_policies: [{cluster: 'm'}]}}
    const copy = resolve(chosen(route))[1]?.value
    const steps = copy?.kind === 'cluster' ? sentRequestSteps(copy, {sent: copy.stream.request, evidence: evidenceOf}) : []
    expect(steps).toMatchObject([{effect: 'path / becomes /%REQ(x)%, host a.test becomes a.test-shadow, path_rewrite is not fully known'}])
  })
})
