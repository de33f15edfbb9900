import {describe, expect, it} from 'vitest'
import {memoryStore} from '../../src/json/memory-store.js'
import {readControlPlane} from '../../src/snapshot/control-plane.js'

const base64 = (bytes: string | readonly number[]): string =>
  Buffer.from(typeof bytes === 'string' ? Buffer.from(bytes) : bytes).toString('base64')

function read(document: object): ReturnType<typeof readControlPlane> {
  return readControlPlane(memoryStore({name: 'istiod/ambientz.json', document}))
}

describe('what istiod says that it tells', () => {
  it('is read with its places', () => {
    const hostname = 's.ns.svc.cluster.local'
    const waypoint = {hostname: {namespace: 'ns', hostname: 'wp.ns.svc.cluster.local'}, hboneMtlsPort: 15_008}
    expect(read({services: [{name: 's', namespace: 'ns', hostname, waypoint}]}).services).toEqual([
      {
        name: 's',
        namespace: 'ns',
        hostname,
        waypoint: 'ns/wp.ns.svc.cluster.local',
        recorded: {file: 'istiod/ambientz.json', pointer: '/services/0'},
      },
    ])
  })

  it.each([
    {name: 'as text', address: base64('10.0.0.1'), ips: ['10.0.0.1']},
    {name: 'as bytes', address: base64([10, 0, 0, 1]), ips: ['10.0.0.1']},
    {
      name: 'of the other family, as bytes',
      address: base64([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
      ips: ['2001:db8::1'],
    },
    {name: 'that are none', address: base64('no address'), ips: []},
  ])('has addresses $name', ({address, ips}) => {
    const [workload] = read({
      workloads: [{uid: 'c//Pod/ns/p', addresses: [address], status: 'UNHEALTHY', services: {'ns/h': {}}}],
    }).workloads
    expect(workload).toMatchObject({uid: 'c//Pod/ns/p', ips, healthy: false, services: ['ns/h']})
  })

  it('has waypoints by address', () => {
    const waypoint = {address: {network: 'net', address: base64('10.0.0.9')}}
    expect(read({workloads: [{uid: 'u', waypoint}]}).workloads[0]).toMatchObject({waypoint: 'net/10.0.0.9', healthy: true})
  })
})
