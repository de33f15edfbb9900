import {describe, expect, it} from 'vitest'
import {formatSocket} from '../../src/flow/address.js'
import {resolveDestination, type Destination} from '../../src/mesh/destination-names.js'
import type {Resolution} from '../../src/mesh/resolution.js'
import {directory, service, tcpPort, workload} from './builders.js'

const WORLD = directory({
  workloads: [
    workload({name: 'web-0', ips: ['10.4.2.21'], containerPorts: [{name: 'http', port: 8080, protocol: 'TCP'}]}),
    workload({name: 'two-0', ips: ['10.4.2.30', 'fd00::30'], containerPorts: [tcpPort(8080, 'http'), tcpPort(9090, 'admin')]}),
    workload({
      name: 'dns-0',
      ips: ['10.4.2.31'],
      containerPorts: [
        {name: 'dns', port: 53, protocol: 'UDP'},
        {name: 'metrics', port: 9153, protocol: 'TCP'},
      ],
    }),
  ],
  services: [
    service({name: 'web', vips: ['10.8.0.1'], ports: [tcpPort(80, 'http')]}),
    service({name: 'web', namespace: 'shop', vips: ['10.8.0.2', 'fd00:8::2'], ports: [tcpPort(80, 'http'), tcpPort(9090, 'grpc')]}),
    service({name: 'cart', namespace: 'shop', vips: ['10.8.0.3'], ports: [tcpPort(80, 'http')]}),
    service({name: 'dup', namespace: 'a', vips: ['10.8.0.4']}),
    service({name: 'dup', namespace: 'b', vips: ['10.8.0.5']}),
    service({
      name: 'db',
      headless: true,
      ports: [tcpPort(5432, 'tcp')],
      endpoints: ['10.4.9.2', '10.4.9.1'].map((ip) => ({ip, port: 5432, servicePort: 5432})),
    }),
    service({name: 'empty', headless: true}),
    service({
      name: 'api.example.com',
      namespace: '',
      host: 'api.example.com',
      kubernetes: false,
      vips: ['198.18.0.1'],
      ports: [tcpPort(443, 'tls')],
    }),
    service({name: 'dns', vips: ['10.8.0.10'], ports: [{port: 53, protocol: 'UDP', targetPort: 53, name: 'dns'}, tcpPort(53, 'dns-tcp')]}),
  ],
})

describe('resolveDestination', () => {
  it.each([
    {text: 'web', gives: 'service 10.8.0.1:80', as: 'the service of the namespace, with its one port'},
    {text: 'web:8081', gives: 'service 10.8.0.1:8081', as: 'a port that the service does not declare'},
    {text: 'web.shop:grpc', gives: 'service 10.8.0.2:9090', as: 'svc.ns with a port name'},
    {text: 'web.shop.svc:80', gives: 'service 10.8.0.2:80', as: 'svc.ns.svc'},
    {text: 'web.shop.svc.cluster.local:80', gives: 'service 10.8.0.2:80', as: 'host name'},
    {text: 'shop/web:80', gives: 'service 10.8.0.2:80', as: 'ns/svc'},
    {text: 'cart', gives: 'service 10.8.0.3:80', as: 'the one of all namespaces'},
    {text: 'db', gives: 'service 10.4.9.1:5432 10.4.9.2:5432', as: 'headless: its pods in address order'},
    {text: 'api.example.com', gives: 'service 198.18.0.1:443', as: 'a host only the mesh knows'},
    {text: 'dns:53', gives: 'service 10.8.0.10:53', as: 'the TCP port of two with one number'},
    {text: 'dns', gives: 'service 10.8.0.10:53', as: 'its only TCP port'},
    {text: '10.8.0.3', gives: 'service 10.8.0.3:80', as: 'a virtual address'},
    {text: '[fd00:8::2]:80', gives: 'service fd00:8::2:80', as: 'an IPv6 virtual address'},
    {text: 'pod/web-0', gives: 'workload 10.4.2.21:8080', as: 'pod/x'},
    {text: 'pod/default/two-0:admin', gives: 'workload 10.4.2.30:9090', as: 'a container port by name'},
    {text: 'pod/dns-0', gives: 'workload 10.4.2.31:9153', as: 'the only TCP port of a pod'},
    {text: '10.4.2.21:1234', gives: 'workload 10.4.2.21:1234', as: 'a pod address'},
    {text: '203.0.113.7:443', gives: 'address 203.0.113.7:443', as: 'an address of nobody'},
    {text: '[2001:db8::1]:443', gives: 'address 2001:db8::1:443', as: 'an IPv6 address of nobody'},
  ])('takes $text as $gives: $as', ({text, gives}) => {
    expect(described(resolveDestination(WORLD, {text, namespace: 'default'}))).toBe(gives)
  })

  it.each([
    {text: 'dup', candidates: ['dup.a.svc.cluster.local', 'dup.b.svc.cluster.local']},
    {text: 'web.shop', candidates: ['web.shop.svc.cluster.local:80', 'web.shop.svc.cluster.local:9090']},
    {text: 'pod/two-0', candidates: ['default/two-0:8080', 'default/two-0:9090']},
  ])('lists what $text could mean', ({text, candidates}) => {
    expect(resolveDestination(WORLD, {text, namespace: 'default'})).toMatchObject({kind: 'ambiguous', candidates})
  })

  it.each([
    {text: 'webb', suggestions: ['web']},
    {text: 'web.shpo:80', suggestions: ['web.shop']},
    {text: 'web:htpp', suggestions: ['web.default.svc.cluster.local:http']},
    {text: 'web-0:8080', suggestions: ['pod/web-0']},
    {text: 'dns:dns', suggestions: ['dns.default.svc.cluster.local:dns-tcp']},
    {text: 'empty', suggestions: []},
    {text: '203.0.113.7', suggestions: ['203.0.113.7:80']},
    {text: 'web:0', suggestions: []},
    {text: 'web:99999', suggestions: []},
    {text: 'pod/nosuch:80', suggestions: []},
    {text: '', suggestions: []},
  ])('does not know "$text"', ({text, suggestions}) => {
    expect(resolveDestination(WORLD, {text, namespace: 'default'})).toMatchObject({kind: 'unknown', suggestions})
  })
})

function described(resolution: Resolution<Destination>): string {
  if (resolution.kind !== 'found') return resolution.kind
  const {kind, addresses} = resolution.value
  return [kind, ...addresses.map((address) => formatSocket(address).replaceAll(/[[\]]/g, ''))].join(' ')
}
