import {describe, expect, it} from 'vitest'
import {fullName} from '../../src/mesh/directory.js'
import type {Resolution} from '../../src/mesh/resolution.js'
import {resolveSource, type Source} from '../../src/mesh/source-names.js'
import {directory, workload} from './builders.js'

const WORLD = directory({
  workloads: [
    workload({
      name: 'sleep-7656cf8794-x7kjp',
      ips: ['10.4.2.19'],
      controller: 'sleep',
      serviceAccount: 'sleep',
      labels: new Map([['app', 'sleep']]),
    }),
    workload({name: 'web-1', controller: 'web', ips: ['10.4.2.20'], serviceAccount: 'web'}),
    workload({name: 'web-0', controller: 'web', ips: ['10.4.2.21'], serviceAccount: 'web'}),
    workload({name: 'web-0', namespace: 'shop', controller: 'web', ips: ['10.4.2.22'], serviceAccount: 'web'}),
    workload({name: 'only-here-abc', namespace: 'shop', controller: 'only-here', ips: ['10.4.2.23'], serviceAccount: 'solo'}),
    workload({name: 'labelled-x', namespace: 'shop', ips: ['10.4.2.24'], labels: new Map([['app.kubernetes.io/name', 'nice-name']])}),
    workload({name: 'agent-a', hostNetwork: true, ips: ['10.0.0.1'], controller: 'agent'}),
  ],
  nodes: [{name: 'node-a', ips: ['10.0.0.1'], podCIDRs: ['10.4.2.0/24']}],
})

describe('resolveSource', () => {
  it.each([
    {text: 'sleep-7656cf8794-x7kjp', gives: 'default/sleep-7656cf8794-x7kjp', as: 'exact pod name'},
    {text: 'sleep', gives: 'default/sleep-7656cf8794-x7kjp', as: 'controller'},
    {text: 'default/sleep', gives: 'default/sleep-7656cf8794-x7kjp', as: 'controller in a namespace'},
    {text: 'pod/web-0', gives: 'default/web-0', as: 'exact pod name with prefix'},
    {text: 'pod/shop/web-0', gives: 'shop/web-0', as: 'exact pod name in a namespace'},
    {text: 'shop/web-0', gives: 'shop/web-0', as: 'ns/pod'},
    {text: 'only-here', gives: 'shop/only-here-abc', as: 'the one of all namespaces'},
    {text: 'nice-name', gives: 'shop/labelled-x', as: 'app label'},
    {text: 'labelled', gives: 'shop/labelled-x', as: 'beginning of the pod name'},
    {text: 'solo', gives: 'shop/only-here-abc', as: 'service account'},
    {text: 'sa/solo', gives: 'shop/only-here-abc', as: 'sa/x'},
    {text: '10.4.2.22', gives: 'shop/web-0', as: 'address'},
    {text: '::ffff:10.4.2.22', gives: 'shop/web-0', as: 'the same address in IPv6 spelling'},
    {text: 'node/node-a', gives: 'node node-a', as: 'node/x'},
    {text: '10.0.0.1', gives: 'node node-a', as: 'an address that pods share with their node'},
    {text: '192.0.2.7', gives: 'address 192.0.2.7', as: 'an address of nobody'},
    {text: 'external', gives: 'outside', as: 'external'},
  ])('takes $text as $gives: $as', ({text, gives}) => {
    expect(described(resolveSource(WORLD, {text, namespace: 'default'}))).toBe(gives)
  })

  it('looks in the given namespace first', () => {
    expect(described(resolveSource(WORLD, {text: 'web', namespace: 'shop'}))).toBe('shop/web-0')
  })

  it('lists the replicas of a bare name instead of choosing', () => {
    expect(resolveSource(WORLD, {text: 'web', namespace: 'default'})).toEqual({
      kind: 'ambiguous',
      text: 'web',
      candidates: ['default/web-0', 'default/web-1'],
    })
  })

  it.each(['deploy/web', 'deployment/web', 'sts/web', 'sa/web'])('takes the first replica for %s and names the others', (text) => {
    const resolution = resolveSource(WORLD, {text, namespace: 'default'})
    expect(described(resolution)).toBe('default/web-0')
    expect(resolution).toMatchObject({notes: ['took pod default/web-0; the other replicas are default/web-1']})
  })

  it('does not mix controllers of several namespaces', () => {
    expect(resolveSource(WORLD, {text: 'deploy/web', namespace: 'elsewhere'})).toEqual({
      kind: 'ambiguous',
      text: 'web',
      candidates: ['default/web', 'shop/web'],
    })
  })

  it.each([
    {text: 'slep', suggestions: ['sleep']},
    {text: 'node/node-b', suggestions: ['node/node-a']},
    {text: 'default/slep', suggestions: []},
    {text: 'completely-different', suggestions: []},
    {text: '', suggestions: []},
    {text: '__proto__', suggestions: []},
  ])('does not know "$text"', ({text, suggestions}) => {
    expect(resolveSource(WORLD, {text, namespace: 'default'})).toMatchObject({kind: 'unknown', suggestions})
  })
})

function described(resolution: Resolution<Source>): string {
  if (resolution.kind !== 'found') return resolution.kind
  const source = resolution.value
  switch (source.kind) {
    case 'workload':
      return fullName(source.workload)
    case 'node':
      return `node ${source.node.name}`
    case 'address':
      return `address ${source.ip}`
    case 'outside':
      return 'outside'
  }
}
