import {describe, expect, it} from 'vitest'
import {readNode} from '../../../src/envoy/config/node.js'
import {readRuntime} from '../../../src/envoy/config/runtime.js'
import {View} from '../../../src/json/view.js'

const bootstrap = (value: object): View => new View(value, '/configs/0/bootstrap')

const roles = [
  {
    case: 'the ztunnel of 2022 calls itself a sidecar',
    node: {id: 'sidecar~10.0.0.1~z.istio-system~x', metadata: {AMBIENT_TYPE: 'ztunnel'}},
    role: 'ztunnel',
  },
  {
    case: 'the waypoint of 2022 by its generator',
    node: {id: 'sidecar~10.0.0.1~w.default~x', metadata: {GENERATOR: 'ambient-waypoint'}},
    role: 'waypoint',
  },
  {
    case: 'names before the public release',
    node: {id: 'sidecar~10.0.0.1~w.default~x', metadata: {AMBIENT_TYPE: 'uproxy'}},
    role: 'ztunnel',
  },
  {case: 'a waypoint by its id', node: {id: 'waypoint~10.0.0.1~w.default~x'}, role: 'waypoint'},
  {case: 'a gateway', node: {id: 'router~10.0.0.1~gw.istio-system~x'}, role: 'gateway'},
  {case: 'a sidecar', node: {id: 'sidecar~10.0.0.1~app.default~x'}, role: 'sidecar'},
  {case: 'any other Envoy', node: {id: 'edge-1'}, role: 'envoy'},
] as const

describe('readNode', () => {
  it.each(roles)('$case', ({node, role}) => {
    expect(readNode(bootstrap({node})).role).toBe(role)
  })

  it('takes pod, namespace and ip from the id when metadata lacks them', () => {
    expect(readNode(bootstrap({node: {id: 'sidecar~fd00::1~app-1.default~default.svc.cluster.local'}}))).toEqual({
      id: 'sidecar~fd00::1~app-1.default~default.svc.cluster.local',
      cluster: '',
      ip: 'fd00::1',
      pod: 'app-1',
      namespace: 'default',
      role: 'sidecar',
    })
  })

  it.each([
    {istio: '1.22.3', atLeast: {major: 1, minor: 30}},
    {istio: '1.28.0-rc.1', atLeast: {major: 1, minor: 36}},
    {istio: '1.32-dev', atLeast: {major: 1, minor: 39}},
    {istio: '1.16-alpha.ambient', atLeast: {major: 1, minor: 23}},
    {istio: '1.9.0', atLeast: undefined},
    {istio: 'unknown', atLeast: undefined},
  ])('Istio $istio tells how old its Envoy can be at most', ({istio, atLeast}) => {
    const metadata = {ISTIO_VERSION: istio}
    expect(readNode(bootstrap({node: {metadata}})).atLeast).toEqual(atLeast)
    expect(readNode(bootstrap({node: {metadata, user_agent_version: '1.30.1'}})).atLeast).toBeUndefined()
  })

  // Every pair of the recordings: wholepath and istiod, ambient2022 of September and of December. Replays on a newer Envoy prove no pair.
  it.each([
    {istio: '1.32-dev', envoy: 40},
    {istio: '1.17-alpha.ambient', envoy: 24},
    {istio: '1.16-alpha.ambient', envoy: 24},
  ])('Istio $istio was seen with Envoy 1.$envoy, which is not older than that', ({istio, envoy}) => {
    const {atLeast} = readNode(bootstrap({node: {metadata: {ISTIO_VERSION: istio}}}))
    expect(atLeast?.major).toBe(1)
    expect(atLeast?.minor).toBeLessThanOrEqual(envoy)
    expect(atLeast?.minor).toBeGreaterThanOrEqual(envoy - 1)
  })

  it('reads the version as numbers, or from the text', () => {
    expect(readNode(bootstrap({node: {user_agent_build_version: {version: {major_number: 1, minor_number: 24}}}})).version).toEqual({
      major: 1,
      minor: 24,
    })
    expect(readNode(bootstrap({node: {userAgentBuildVersion: {version: {majorNumber: 1}}}})).version).toEqual({major: 1, minor: 0})
    expect(readNode(bootstrap({node: {user_agent_version: '1.36.2/Clean'}})).version).toEqual({major: 1, minor: 36})
    expect(readNode(bootstrap({node: {user_agent_version: 'unknown'}})).version).toBeUndefined()
  })

  it('knows nothing without a bootstrap', () => {
    expect(readNode(undefined)).toEqual({role: 'envoy'})
  })
})

describe('readRuntime', () => {
  it('flattens nested objects and lets the later layer win', () => {
    const {values} = readRuntime(
      bootstrap({
        layered_runtime: {
          layers: [
            {name: 'a', static_layer: {envoy: {reloadable_features: {x: true, y: true}}, 'plain.key': '7'}},
            {name: 'b', admin_layer: {'envoy.reloadable_features.x': false}},
          ],
        },
      }),
    )
    expect([...values]).toEqual([
      ['envoy.reloadable_features.x', false],
      ['envoy.reloadable_features.y', true],
      ['plain.key', '7'],
    ])
  })

  it('keeps a fraction as one value', () => {
    const {values} = readRuntime(
      bootstrap({layered_runtime: {layers: [{static_layer: {routing: {canary: {numerator: 5, denominator: 'HUNDRED'}}}}]}}),
    )
    expect(values.get('routing.canary')).toEqual({numerator: 5, denominator: 'HUNDRED'})
  })

  it('treats keys of the object prototype as keys', () => {
    const layer: unknown = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}')
    const {values} = readRuntime(bootstrap({layered_runtime: {layers: [{static_layer: layer}]}}))
    expect([...values.keys()].toSorted()).toEqual(['__proto__.polluted', 'constructor'])
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  it('says which layers a dump does not hold', () => {
    const {warnings} = readRuntime(bootstrap({layered_runtime: {layers: [{name: 'live', rtds_layer: {}}]}}))
    expect(warnings).toEqual(['runtime layer live (rtds_layer) is not part of a config dump: its values are unknown'])
  })
})
