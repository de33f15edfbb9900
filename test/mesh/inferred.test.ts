import {describe, expect, it} from 'vitest'
import {inferredDirectory} from '../../src/mesh/compose-directory.js'
import {parseSecretName, parseServiceChain, parseSubsetKey, sourceOfChain, waypointOfCluster} from '../../src/mesh/inferred-names.js'
import {openScenario, SCENARIOS} from '../app/scenario.js'

const ID = 'spiffe://cluster.local/ns/default/sa/sleep'

describe('names of the 2022 generators', () => {
  it('reads service chains', () => {
    expect(parseServiceChain(`${ID}_to_http-web_reviews.default.svc.cluster.local_outbound_internal`)).toEqual({
      identity: ID,
      portName: 'http-web',
      host: 'reviews.default.svc.cluster.local',
    })
    expect(parseServiceChain('PassthroughFilterChain')).toBeUndefined()
    expect(parseServiceChain(`${ID}_to_server_waypoint_proxy_${ID}`)).toBeUndefined()
  })

  it.each([
    {name: `${ID}_to_http_a.b.svc.cluster.local_outbound_internal`, source: ID},
    {name: `${ID}_to_server_waypoint_proxy_spiffe://cluster.local/ns/default/sa/web`, source: ID},
    {name: `_to_client_waypoint_proxy_${ID}`, source: ID},
    {name: `_to_client_pep_${ID}`, source: ID},
    {name: 'fc-outbound_pod_tunnel_clus_x', source: undefined},
  ])('reads the source of $name', ({name, source}) => {
    expect(sourceOfChain(name)).toBe(source)
  })

  it('reads waypoints, secrets and subset keys', () => {
    expect(waypointOfCluster(`${ID}_to_server_pep_${ID}`)).toBe(ID)
    expect(waypointOfCluster('outbound_tunnel_clus_x')).toBeUndefined()
    expect(parseSecretName(`${ID}~sleep-1~uid`)).toEqual({identity: ID, pod: 'sleep-1'})
    expect(parseSecretName('ROOTCA')).toBeUndefined()
    expect(parseSubsetKey('inbound-vip|9080|http/v1|reviews.default.svc.cluster.local')).toEqual({
      direction: 'inbound-vip',
      port: 9080,
      subset: 'http/v1',
      host: 'reviews.default.svc.cluster.local',
    })
    expect(parseSubsetKey('a|b|c|d')).toBeUndefined()
  })
})

describe.each(SCENARIOS)('what the dumps of %s tell without an inventory', (scenario) => {
  it('places every captured pod on its node, with its identity', async () => {
    const {directory, shelf} = await openScenario(scenario)
    const inferred = inferredDirectory({}, {envoys: await shelf.configs(shelf.dumps), ztunnels: [], generation: '2022'})
    const nodes = new Set(directory.workloads.filter(({role}) => role === 'ztunnel').map(({node}) => node))
    const pods = directory.workloads.filter(
      ({enrolment, node, hostNetwork}) => enrolment.captured === 'yes' && nodes.has(node) && !hostNetwork,
    )
    const known = pods.map(({ips: [ip = '']}) => inferred.podAt(ip))
    expect(known.map((pod) => [pod?.node, pod?.identity])).toEqual(pods.map(({node, identity}) => [node, identity]))
  })

  it('names no virtual address differently from the inventory', async () => {
    const {directory, shelf} = await openScenario(scenario)
    const inferred = inferredDirectory({}, {envoys: await shelf.configs(shelf.dumps), ztunnels: [], generation: '2022'})
    const wrong = directory.services.filter(({vips: [vip], host}) => vip !== undefined && (inferred.serviceAt(vip)?.host ?? host) !== host)
    expect(wrong.map(({host}) => host)).toEqual([])
    expect(inferred.services.length).toBeGreaterThan(2)
    expect(new Set(inferred.services.map(({evidence}) => evidence.basis))).toEqual(new Set(['inferred']))
  })

  it('knows the proxies themselves', async () => {
    const {directory, shelf} = await openScenario(scenario)
    const inferred = inferredDirectory({}, {envoys: await shelf.configs(shelf.dumps), ztunnels: [], generation: '2022'})
    for (const dump of shelf.dumps) {
      const names = {namespace: dump.namespace ?? '', name: dump.name}
      expect(inferred.workload(names)).toMatchObject({role: directory.workload(names)?.role, node: directory.workload(names)?.node})
    }
  })
})
