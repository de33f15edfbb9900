import {describe, expect, test} from 'vitest'
import {gateway, service, workload, type DumpParts} from '../dump.js'
import {ask} from './ask.js'

// ambient-ga F.1: the outcomes that ztunnel's own tests publish, with the same names.

const WAYPOINT = workload('waypoint', {workloadIps: ['127.0.0.10'], serviceAccount: 'waypoint-sa'})
const DUAL_WAYPOINT = workload('dual-waypoint', {workloadIps: ['127.0.0.11', 'ff06::c5'], serviceAccount: 'waypoint-sa'})
const EAST_WEST = workload('ew-gtw', {uid: 'NetworkGateway/remote/10.22.1.1', workloadIps: ['10.22.1.1'], network: 'remote'})
const REMOTE = workload('remote', {network: 'remote', protocol: 'HBONE', networkGateway: gateway('remote/10.22.1.1', 15_009)})
const example = (fields: object): ReturnType<typeof service> =>
  service('example', {hostname: 'example.com', vips: ['/127.0.0.3'], ...fields})

interface Row {
  readonly name: string
  readonly target: string
  readonly added: DumpParts
  readonly expected: readonly string[]
}

const rows: readonly Row[] = [
  {
    name: 'unknown_dest',
    target: '1.2.3.4:80',
    added: {workloads: [workload('other', {workloadIps: ['127.0.0.2']})]},
    expected: ['TCP via 1.2.3.4:80 (passthrough)'],
  },
  {
    name: 'wrong_network',
    target: '127.0.0.3:80',
    added: {
      workloads: [workload('remote', {workloadIps: ['10.0.0.2'], network: 'remote'})],
      services: [example({endpoints: {remote: {'80': 8080}}})],
    },
    expected: ['no valid routing destination for workload: Workload{remote with uid cluster1//Pod/ns/remote (TCP)}'],
  },
  {
    name: 'double_hbone: gateway by address',
    target: '127.0.0.3:80',
    added: {workloads: [REMOTE, EAST_WEST], services: [example({endpoints: {remote: {'80': 8080}}})]},
    expected: ['DOUBLEHBONE example.com:80 via 10.22.1.1:15009 ew-gtw'],
  },
  {
    name: 'double_hbone: gateway by hostname',
    target: '127.0.0.3:80',
    added: {
      workloads: [
        {...REMOTE, networkGateway: gateway('ns/ew.ns.svc.cluster.local', 15_009)},
        workload('ew-pod', {workloadIps: ['127.0.0.5']}),
      ],
      services: [
        example({endpoints: {remote: {'80': 8080}}}),
        service('ew', {ports: {'15009': 15_008}, endpoints: {'ew-pod': {'15009': 15_008}}}),
      ],
    },
    expected: ['DOUBLEHBONE example.com:80 via 127.0.0.5:15008 ew-pod'],
  },
  {
    name: 'double_hbone: remote waypoint',
    target: '127.0.0.3:80',
    added: {
      workloads: [{...REMOTE, name: 'remote-wp', uid: 'cluster1//Pod/ns/remote-wp'}, EAST_WEST],
      services: [
        example({waypoint: gateway('ns/wp.ns.svc.cluster.local')}),
        service('wp', {ports: {'15008': 15_008}, endpoints: {'remote-wp': {'15008': 15_008}}}),
      ],
    },
    expected: ['DOUBLEHBONE example.com:80 via 10.22.1.1:15009 ew-gtw'],
  },
  {
    name: 'failover_to_remote: local endpoint healthy',
    target: '127.0.0.3:80',
    added: {
      workloads: [REMOTE, EAST_WEST, workload('local', {workloadIps: ['127.0.0.2'], protocol: 'HBONE'})],
      services: [
        example({
          loadBalancer: {routingPreferences: ['Network'], mode: 'Failover', healthPolicy: 'OnlyHealthy'},
          endpoints: {remote: {'80': 8080}, local: {'80': 8080}},
        }),
      ],
    },
    expected: ['HBONE 127.0.0.2:8080 via 127.0.0.2:15008 local'],
  },
  {
    name: 'failover_to_remote: local endpoint unhealthy',
    target: '127.0.0.3:80',
    added: {
      workloads: [
        REMOTE,
        EAST_WEST,
        workload('local', {workloadIps: ['127.0.0.2'], protocol: 'HBONE', status: 'Unhealthy', services: ['ns/example.com']}),
      ],
      services: [
        example({
          loadBalancer: {routingPreferences: ['Network'], mode: 'Failover', healthPolicy: 'OnlyHealthy'},
          endpoints: {remote: {'80': 8080}},
        }),
      ],
    },
    expected: ['DOUBLEHBONE example.com:80 via 10.22.1.1:15009 ew-gtw'],
  },
  ...['n1', 'other-node'].flatMap((node) => [
    {
      name: `known_dest: TCP on ${node}`,
      target: '127.0.0.2:80',
      added: {workloads: [workload('pod', {workloadIps: ['127.0.0.2'], node})]},
      expected: ['TCP via 127.0.0.2:80 pod'],
    },
    {
      name: `known_dest: HBONE on ${node}`,
      target: '127.0.0.2:80',
      added: {workloads: [workload('pod', {workloadIps: ['127.0.0.2'], node, protocol: 'HBONE'})]},
      expected: ['HBONE 127.0.0.2:80 via 127.0.0.2:15008 pod'],
    },
  ]),
  {
    name: 'source_waypoint: the client itself, while another pod has a waypoint',
    target: '127.0.0.1:80',
    added: {
      workloads: [
        workload('client', {workloadIps: ['127.0.0.1', '::1']}),
        workload('pod', {workloadIps: ['127.0.0.2'], waypoint: gateway('/127.0.0.10')}),
      ],
    },
    expected: ['TCP via 127.0.0.1:80 client'],
  },
  {
    name: 'G3: destination_waypoint, a TCP workload that is dialled by HBONE',
    target: '127.0.0.2:80',
    added: {workloads: [workload('pod', {workloadIps: ['127.0.0.2'], waypoint: gateway('/127.0.0.10')})]},
    expected: ['HBONE 127.0.0.2:80 via 127.0.0.10:15008 waypoint'],
  },
  {
    name: 'destination_waypoint_mismatch_ip: a gateway by address keeps its family',
    target: '[ff06::c3]:80',
    added: {workloads: [workload('pod', {workloadIps: ['ff06::c3'], waypoint: gateway('/127.0.0.11')})]},
    expected: ['HBONE [ff06::c3]:80 via 127.0.0.11:15008 dual-waypoint'],
  },
  {
    name: 'destination_svc_waypoint: without endpoints too',
    target: '127.0.0.3:80',
    added: {services: [service('svc', {vips: ['/127.0.0.3'], waypoint: gateway('/127.0.0.10')})]},
    expected: ['HBONE 127.0.0.3:80 via 127.0.0.10:15008 waypoint'],
  },
  {
    name: 'empty_service',
    target: '127.0.0.3:80',
    added: {services: [service('svc', {vips: ['/127.0.0.3']})]},
    expected: ['no healthy upstream: 127.0.0.3:80'],
  },
  {
    name: 'G10: target_port: a named port of one endpoint',
    target: '127.0.0.3:80',
    added: {
      workloads: [workload('a', {workloadIps: ['127.0.0.2']}), workload('b', {workloadIps: ['127.0.0.7']})],
      services: [service('svc', {vips: ['/127.0.0.3'], ports: {'80': 0, '8080': 0}, endpoints: {a: {'80': 1234}, b: {'8080': 9999}}})],
    },
    expected: ['TCP via 127.0.0.2:1234 a'],
  },
  ...[
    {target: '127.0.0.3:80', expected: ['TCP via 127.0.0.2:80 pod1']},
    {target: '127.0.0.2:80', expected: ['TCP via 127.0.0.2:80 (passthrough)']},
  ].map(({target, expected}) => ({
    name: `G11: host_network: ${target}`,
    target,
    added: {
      workloads: [
        workload('pod1', {workloadIps: ['127.0.0.2'], networkMode: 'HostNetwork'}),
        workload('pod2', {workloadIps: ['127.0.0.2'], networkMode: 'HostNetwork'}),
      ],
      services: [service('svc', {vips: ['/127.0.0.3'], ports: {'80': 80}, endpoints: {pod1: {'80': 80}}})],
    },
    expected,
  })),
  {
    name: 'G21: passthrough_svc',
    target: '1.2.3.4:80',
    added: {services: [service('svc', {vips: ['/1.2.3.4'], loadBalancer: {mode: 'Passthrough', routingPreferences: []}})]},
    expected: ['TCP via 1.2.3.4:80 (passthrough)'],
  },
  {
    name: 'passthrough_svc_with_waypoint',
    target: '1.2.3.4:80',
    added: {
      services: [
        service('svc', {vips: ['/1.2.3.4'], waypoint: gateway('/127.0.0.10'), loadBalancer: {mode: 'Passthrough', routingPreferences: []}}),
      ],
    },
    expected: ['HBONE 1.2.3.4:80 via 127.0.0.10:15008 waypoint'],
  },
]

describe('the outcomes ztunnel publishes for one request', () => {
  test.each(rows)('$name', ({target, added, expected}) => {
    expect(ask({...added, workloads: [WAYPOINT, DUAL_WAYPOINT, ...(added.workloads ?? [])]}, target)).toEqual(expected)
  })

  const dual = workload('dual', {workloadIps: ['127.0.0.2', 'ff06::c3'], protocol: 'HBONE'})
  test.each([
    {families: undefined, target: '127.0.0.3:80', dial: '127.0.0.2'},
    {families: undefined, target: '[ff06::1]:80', dial: '[ff06::c3]'},
    {families: 'Dual', target: '127.0.0.3:80', dial: '127.0.0.2'},
    {families: 'Dual', target: '[ff06::1]:80', dial: '[ff06::c3]'},
    {families: 'IPv4', target: '127.0.0.3:80', dial: '127.0.0.2'},
    {families: 'IPv4', target: '[ff06::1]:80', dial: '127.0.0.2'},
    {families: 'IPv6', target: '[ff06::1]:80', dial: '[ff06::c3]'},
    {families: 'IPv6', target: '127.0.0.3:80', dial: '[ff06::c3]'},
  ])('service_ip_families: $families asked at $target', ({families, target, dial}) => {
    const svc = service('svc', {
      vips: ['/127.0.0.3', '/ff06::1'],
      endpoints: {dual: {'80': 8080}},
      ...(families === undefined ? {} : {ipFamilies: families}),
    })
    expect(ask({workloads: [dual], services: [svc]}, target)).toEqual([`HBONE ${dial}:8080 via ${dial}:15008 dual`])
  })

  test.each(['127.0.0.2', 'ff06::c3'])('multiple_address: the asked address of a pod is kept: %s', (ip) => {
    const socket = ip.includes(':') ? `[${ip}]` : ip
    expect(ask({workloads: [dual]}, `${socket}:80`)).toEqual([`HBONE ${socket}:80 via ${socket}:15008 dual`])
  })

  const tunnelled = workload('tunnelled', {workloadIps: ['127.0.0.6'], applicationTunnel: {protocol: 'PROXY', port: 15_088}})
  test.each([
    {
      name: 'the port of the endpoint, where that of the service has a name',
      services: [service('svc', {vips: ['/127.0.0.3'], ports: {'80': 0}, endpoints: {dual: {'80': 9090}}})],
      expected: 'HBONE 127.0.0.2:9090 via 127.0.0.2:15008 dual',
    },
    {
      name: 'the port of the service, where the endpoint has none',
      services: [service('svc', {vips: ['/127.0.0.3'], ports: {'80': 8080}, endpoints: {dual: {}}})],
      expected: 'HBONE 127.0.0.2:8080 via 127.0.0.2:15008 dual',
    },
    {
      name: 'the asked port, where a waypoint has a tunnel and nobody a port',
      services: [
        service('svc', {vips: ['/127.0.0.3'], waypoint: gateway('ns/wp.ns.svc.cluster.local', 80)}),
        service('wp', {ports: {'80': 0}, endpoints: {tunnelled: {}}}),
      ],
      expected: 'HBONE 127.0.0.3:80 via 127.0.0.6:80 tunnelled',
    },
  ])('find_upstream_port_mappings: $name', ({services, expected}) => {
    expect(ask({workloads: [dual, tunnelled], services}, '127.0.0.3:80')).toEqual([expected])
  })
})
