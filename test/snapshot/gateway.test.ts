import {describe, expect, it} from 'vitest'
import {View} from '../../src/json/view.js'
import {readGateway} from '../../src/snapshot/gateway.js'

const recorded = {file: 'inventory/gateways.json', pointer: '/items/0'}

function read(spec: object, status: object = {}): ReturnType<typeof readGateway> {
  return readGateway({object: new View({metadata: {name: 'g', namespace: 'ns'}, spec, status}, '/items/0'), recorded})
}

describe('a Gateway', () => {
  it('admits its own namespace, unless it says otherwise', () => {
    expect(read({gatewayClassName: 'istio-waypoint', listeners: [{protocol: 'HBONE', port: 15_008}]})).toEqual({
      name: 'g',
      namespace: 'ns',
      labels: new Map(),
      annotations: new Map(),
      recorded,
      className: 'istio-waypoint',
      listeners: [{protocol: 'HBONE', port: 15_008, from: 'Same', namespaceLabels: new Map()}],
      hasAddress: false,
    })
  })

  it('has an address as soon as its status says so', () => {
    expect(read({}, {addresses: [{type: 'Hostname', value: 'g.ns.svc.cluster.local'}]}).hasAddress).toBe(true)
  })

  it.each([
    {name: 'labels', selector: {matchLabels: {team: 'one'}}, expected: new Map([['team', 'one']])},
    {name: 'expressions, which nobody reads here', selector: {matchExpressions: [{key: 'team', operator: 'Exists'}]}, expected: undefined},
  ])('admits namespaces by $name', ({selector, expected}) => {
    const [listener] = read({listeners: [{allowedRoutes: {namespaces: {from: 'Selector', selector}}}]}).listeners
    expect({from: listener?.from, labels: listener?.namespaceLabels}).toEqual({from: 'Selector', labels: expected})
  })
})
