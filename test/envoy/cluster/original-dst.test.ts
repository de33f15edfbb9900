import {describe, expect, test} from 'vitest'
import type {Json} from '../../../src/flow/connection.js'
import type {Connection, Stream} from '../../../src/envoy/connection.js'
import {ask, connection, shares, stream, type Asking} from './ask.js'

const KEY = 'envoy.network.transport_socket.original_dst_address'
const METADATA_KEY = {metadata_key: {key: 'tunnel', path: [{key: 'target'}]}}
const HEADER = {use_http_header: true}
const NOWHERE = {'none: the connection has no original destination for cluster "c"': '1'}

const state = (value: string | undefined): Partial<Connection> => ({filterState: new Map([[KEY, {value, shared: 'none' as const}]])})
const metadata = (target: Json): Partial<Connection> => ({metadata: new Map([['tunnel', {target}]])})
const request = (...values: readonly string[]): Stream => ({
  ...stream,
  request: {...stream.request, headers: values.map((value) => ['x-envoy-original-dst-host', value] as const)},
})

interface Case {
  readonly rule: string
  readonly config?: object
  readonly ask?: Partial<Asking>
  readonly goesTo: Readonly<Record<string, string>>
}

// envoy-2022 D9, I.10: filter state, metadata_key, header, restored local address; the port override at last.
const CASES: readonly Case[] = [
  {rule: 'recorded: the restored local address', goesTo: {'10.33.0.1:9000': '1'}},
  {rule: 'recorded: a local address nobody restored does not count', ask: {connection: {localRestored: false}}, goesTo: NOWHERE},
  {rule: 'recorded: the port override', config: {upstream_port_override: 15_008}, goesTo: {'10.33.0.1:15008': '1'}},
  {rule: 'recorded: filter state before the local address', ask: {connection: state('10.55.0.1:9000')}, goesTo: {'10.55.0.1:9000': '1'}},
  {
    rule: 'recorded: filter state before metadata',
    config: METADATA_KEY,
    goesTo: {'10.55.0.1:9000': '1'},
    ask: {connection: {...state('10.55.0.1:9000'), ...metadata('10.44.0.1:9001')}},
  },
  {
    rule: 'recorded: the port override applies to filter state',
    config: {upstream_port_override: 9},
    ask: {connection: state('10.55.0.1:9000')},
    goesTo: {'10.55.0.1:9': '1'},
  },
  {
    rule: 'recorded: the filter state of the request',
    config: HEADER,
    goesTo: {'10.44.0.7:9000': '1'},
    ask: {stream: {...stream, filterState: new Map([[KEY, {value: '10.44.0.7:9000', shared: 'none'}]])}},
  },
  {
    rule: 'filter state whose content is not known',
    ask: {connection: state(undefined)},
    goesTo: {[`undetermined: value of filter state ${KEY}, which is the destination of cluster c`]: '1'},
  },
  {
    rule: 'recorded: metadata of the connection',
    config: METADATA_KEY,
    ask: {connection: metadata('10.44.0.1:9001')},
    goesTo: {'10.44.0.1:9001': '1'},
  },
  {
    rule: 'a list of addresses counts by its first',
    config: METADATA_KEY,
    ask: {connection: metadata(['10.44.0.1:9001', '10.44.0.2:9001'])},
    goesTo: {'10.44.0.1:9001': '1'},
  },
  {
    rule: 'metadata of the request first',
    config: METADATA_KEY,
    goesTo: {'10.44.0.5:1': '1'},
    ask: {connection: metadata('10.44.0.1:9001'), stream: {...stream, metadata: new Map([['tunnel', {target: '10.44.0.5:1'}]])}},
  },
  {
    rule: 'recorded: metadata before the header',
    config: {...METADATA_KEY, ...HEADER},
    goesTo: {'10.44.0.1:9001': '1'},
    ask: {connection: metadata('10.44.0.1:9001'), stream: request('10.44.0.2:9000')},
  },
  {
    rule: 'recorded: metadata that is no address falls back',
    config: METADATA_KEY,
    ask: {connection: metadata('host.test:80')},
    goesTo: {'10.33.0.1:9000': '1'},
  },
  {rule: 'recorded: metadata that is missing falls back', config: METADATA_KEY, goesTo: {'10.33.0.1:9000': '1'}},
  {
    rule: 'before 1.28 there is no metadata_key',
    config: METADATA_KEY,
    goesTo: {'10.33.0.1:9000': '1'},
    ask: {connection: metadata('10.44.0.1:9001'), version: {major: 1, minor: 24}},
  },
  {rule: 'recorded: the header', config: HEADER, ask: {stream: request('10.44.0.2:9000')}, goesTo: {'10.44.0.2:9000': '1'}},
  {
    rule: 'recorded: only its first line',
    config: HEADER,
    ask: {stream: request('10.44.0.2:9000', '10.44.0.3:9000')},
    goesTo: {'10.44.0.2:9000': '1'},
  },
  {
    rule: 'recorded: IPv6 in the header',
    config: HEADER,
    ask: {stream: request('[2001:DB8:0::44]:9000')},
    goesTo: {'[2001:db8::44]:9000': '1'},
  },
  {
    rule: 'recorded: a name in the header falls back',
    config: HEADER,
    ask: {stream: request('foo.test:80')},
    goesTo: {'10.33.0.1:9000': '1'},
  },
  {
    rule: 'recorded: a header without port falls back',
    config: HEADER,
    ask: {stream: request('10.44.0.2')},
    goesTo: {'10.33.0.1:9000': '1'},
  },
  {rule: 'an octal octet is no address', config: HEADER, ask: {stream: request('010.44.0.2:80')}, goesTo: {'10.33.0.1:9000': '1'}},
  {rule: 'recorded: the header is not asked for', ask: {stream: request('10.44.0.2:9000')}, goesTo: {'10.33.0.1:9000': '1'}},
  {rule: 'recorded: tcp_proxy offers no header', config: HEADER, goesTo: {'10.33.0.1:9000': '1'}},
  {
    rule: 'recorded: another header',
    config: {...HEADER, http_header_name: ':authority'},
    goesTo: {'10.44.0.5:9001': '1'},
    ask: {stream: {...stream, request: {...stream.request, authority: '10.44.0.5:9001'}}},
  },
]

describe('ORIGINAL_DST', () => {
  test.each(CASES)('$rule', ({config, ask: asking = {}, goesTo}) => {
    const cluster = {
      name: 'c',
      type: 'ORIGINAL_DST',
      lb_policy: 'CLUSTER_PROVIDED',
      ...(config === undefined ? {} : {original_dst_lb_config: config}),
    }
    expect(shares(ask({cluster: 'c', clusters: [cluster], ...asking}))).toEqual(goesTo)
  })

  test('the steps say where the address came from and what was no use', () => {
    const cluster = {name: 'c', type: 'ORIGINAL_DST', original_dst_lb_config: {...METADATA_KEY, ...HEADER, upstream_port_override: 15_088}}
    const [branch] = ask({cluster: 'c', clusters: [cluster], connection: {...connection, ...metadata('x')}, stream: request('y')})
    expect(branch?.steps.map(({kind}) => kind)).toEqual(['cluster', 'original-destination', 'endpoint'])
    expect(branch?.steps[1]).toEqual({
      kind: 'original-destination',
      from: 'restored local address',
      address: {ip: '10.33.0.1', port: 15_088},
      because: ['upstream_port_override 15088'],
      rejected: [
        {candidate: 'dynamic metadata tunnel/target', because: '"x" is no ip:port'},
        {candidate: 'header x-envoy-original-dst-host', because: '"y" is no ip:port'},
      ],
      evidence: [{dump: 'proxy.json', pointer: '/configs/1/clusters/0/original_dst_lb_config', basis: 'recorded'}],
    })
  })
})
