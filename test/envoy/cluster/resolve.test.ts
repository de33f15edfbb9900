import {describe, expect, test} from 'vitest'
import type {Connection, Stream} from '../../../src/envoy/connection.js'
import {MAX_REJECTED} from '../../../src/envoy/cluster/rejected.js'
import {ask, assignment, endpoint, hosts, shares, stream, type Asking} from './ask.js'

const A = endpoint('10.0.0.1:80')
const B = endpoint('10.0.0.2:80')
const COLLECT = "kubectl exec pod-a -n team -- curl -s '127.0.0.1:15000/config_dump?include_eds'"
const custom = (name: string, config: object = {}): object => ({
  name: 'c',
  cluster_type: {name, typed_config: {'@type': 'x/y.v3.Z', ...config}},
})
const dns = (...names: readonly string[]): object => ({endpoints: [{lb_endpoints: names.map((name) => endpoint(`${name}:80`))}]})

interface Case {
  readonly rule: string
  readonly ask: Omit<Asking, 'cluster'>
  readonly shares: Readonly<Record<string, string>>
}

// envoy-2022 D8 (endpoints, warming) and D9 (types).
const CASES: readonly Case[] = [
  {rule: 'a name the dump does not define', ask: {}, shares: {'none: cluster "c" is not in the dump': '1'}},
  {
    rule: 'a warming cluster takes no traffic',
    ask: {clusters: [{name: 'c'}], warming: ['c']},
    shares: {'none: cluster "c" is still warming': '1'},
  },
  {
    rule: 'static endpoints from the cluster itself',
    ask: {clusters: [{name: 'c', load_assignment: dns('10.0.0.1')}], missing: 'no-endpoints-section'},
    shares: {'10.0.0.1:80': '1'},
  },
  {
    rule: 'a static cluster that lists nothing',
    ask: {clusters: [{name: 'c'}], missing: 'no-endpoints-section'},
    shares: {'none: cluster "c" has no endpoints': '1'},
  },
  {
    rule: 'an EDS cluster without endpoints section',
    ask: {clusters: [{name: 'c', type: 'EDS'}], missing: 'no-endpoints-section'},
    shares: {'undetermined: endpoints of cluster c': '1'},
  },
  {
    rule: 'an EDS cluster the section lacks',
    ask: {clusters: [{name: 'c', type: 'EDS'}]},
    shares: {'undetermined: endpoints of cluster c': '1'},
  },
  {
    rule: 'a DNS name nobody resolved',
    ask: {clusters: [{name: 'c', type: 'STRICT_DNS', load_assignment: dns('api.test', '10.0.0.1')}]},
    shares: {'undetermined: addresses of api.test:80 (DNS name in cluster c)': '1'},
  },
  {
    rule: 'a DNS cluster of addresses',
    ask: {clusters: [{name: 'c', type: 'LOGICAL_DNS', load_assignment: dns('10.0.0.1')}]},
    shares: {'10.0.0.1:80': '1'},
  },
  {
    rule: 'recorded: resolved hosts are in the section',
    shares: {'127.0.0.1:9000': '1'},
    ask: {
      clusters: [{name: 'c', type: 'STRICT_DNS', load_assignment: dns('localhost')}],
      assignments: {c: assignment({hosts: [endpoint('127.0.0.1:9000', {hostname: 'localhost'})]})},
    },
  },
  {
    rule: 'ambiguous assignments with the same hosts',
    ask: {clusters: [{name: 'c', type: 'EDS'}], ambiguous: {c: [assignment({hosts: [A, B]}), assignment({hosts: [B, A]})]}},
    shares: {'10.0.0.1:80': '1/2', '10.0.0.2:80': '1/2'},
  },
  {
    rule: 'ambiguous assignments that differ',
    ask: {clusters: [{name: 'c', type: 'EDS'}], ambiguous: {c: [assignment({hosts: [A]}), assignment({hosts: [B]})]}},
    shares: {'undetermined: which of 2 nameless endpoint assignments belongs to cluster c': '1'},
  },
  {
    rule: 'EDS keeps one host per address',
    ask: {clusters: [{name: 'c', type: 'EDS'}], assignments: {c: assignment({hosts: [A, B, A]})}},
    shares: {'10.0.0.1:80': '1/2', '10.0.0.2:80': '1/2'},
  },
  {
    rule: 'a static cluster may list a host twice',
    ask: {clusters: [{name: 'c'}], assignments: {c: assignment({hosts: [A, B, A]})}},
    shares: {'10.0.0.1:80': '2/3', '10.0.0.2:80': '1/3'},
  },
  {
    rule: 'internal addresses and pipes',
    shares: {'envoy://inner/id': '1/2', 'unix:///tmp/x': '1/2'},
    ask: {
      clusters: [{name: 'c'}],
      assignments: {c: assignment({hosts: [endpoint('envoy://inner/id'), {endpoint: {address: {pipe: {path: '/tmp/x'}}}}]})},
    },
  },
  {
    rule: 'the extension spelling of a type',
    ask: {clusters: [custom('envoy.clusters.eds')], assignments: {c: assignment({hosts: [A]})}},
    shares: {'10.0.0.1:80': '1'},
  },
  {
    rule: 'the extension for both DNS types',
    ask: {clusters: [{...custom('envoy.clusters.dns'), load_assignment: dns('api.test')}]},
    shares: {'undetermined: addresses of api.test:80 (DNS name in cluster c)': '1'},
  },
  {
    rule: 'the extension spelling of ORIGINAL_DST',
    ask: {clusters: [custom('envoy.clusters.original_dst')]},
    shares: {'10.33.0.1:9000': '1'},
  },
  {
    rule: 'a type that is not modelled',
    ask: {clusters: [custom('envoy.clusters.redis')]},
    shares: {'undetermined: hosts of cluster c: its type envoy.clusters.redis is not modelled': '1'},
  },
  {
    rule: 'override_host without what it looks for',
    shares: {'10.0.0.1:80': '1'},
    ask: {stream, clusters: [overriding()], assignments: {c: assignment({hosts: [A]})}},
  },
  {
    rule: 'override_host with it',
    shares: {'10.0.0.1:80': '1'},
    ask: {
      stream: {...stream, request: {...stream.request, headers: [['x-host', '10.0.0.1:80']]}},
      clusters: [overriding()],
      assignments: {c: assignment({hosts: [A]})},
    },
  },
]

function overriding(): object {
  const policy = (name: string, message: object): object => ({
    policies: [
      {
        typed_extension_config: {
          typed_config: {'@type': `x/envoy.extensions.load_balancing_policies.${name}.v3.X`, ...message},
        },
      },
    ],
  })
  const sources = [{header: 'x-host'}, {metadata: {key: 'm', path: [{key: 'k'}]}}]
  return {
    name: 'c',
    load_balancing_policy: policy('override_host', {override_host_sources: sources, fallback_policy: policy('round_robin', {})}),
  }
}

describe('resolveUpstream', () => {
  test.each(CASES)('$rule', ({ask: asking, shares: expected}) => {
    expect(shares(ask({cluster: 'c', ...asking}))).toEqual(expected)
  })

  test('what is missing comes with the command that collects it', () => {
    const [branch] = ask({cluster: 'c', clusters: [{name: 'c', type: 'EDS'}], missing: 'no-endpoints-section'})
    expect(branch?.value).toMatchObject({kind: 'undetermined', missing: [{what: 'endpoints of cluster c', collect: COLLECT}]})
  })

  test('steps tell type, join and evidence; inferred endpoints say so', () => {
    const [branch] = ask({cluster: 'c', clusters: [{name: 'c', type: 'EDS'}], assignments: {c: assignment({hosts: [A]})}, inferred: true})
    expect(branch?.steps).toEqual([
      {
        kind: 'cluster',
        name: 'c',
        type: 'EDS',
        join: 'exact',
        because: ['load balancing ROUND_ROBIN'],
        evidence: [
          {dump: 'proxy.json', pointer: '/configs/1/clusters/0', basis: 'recorded', version: '7'},
          {dump: 'proxy.json', pointer: '/configs/2/c', basis: 'inferred'},
        ],
      },
      {
        kind: 'endpoint',
        address: {kind: 'socket', ip: '10.0.0.1', port: 80},
        health: 'UNKNOWN',
        transportSocket: 'envoy.transport_sockets.raw_buffer',
        because: ['transport socket envoy.transport_sockets.raw_buffer'],
        evidence: [{dump: 'proxy.json', pointer: '/configs/2/c/endpoints/0/lb_endpoints/0', basis: 'inferred'}],
      },
    ])
  })

  test('hosts that get no traffic are listed with the field that ruled them out', () => {
    const groups = assignment(
      {region: 'a', weight: 1, hosts: [A, endpoint('10.0.0.4:80'), endpoint('10.0.0.3:80', {health: 'UNHEALTHY'})]},
      {region: 'b', hosts: [B]},
      {priority: 1, hosts: [endpoint('10.0.1.1:80')]},
    )
    const cluster = {name: 'c', type: 'EDS', common_lb_config: {locality_weighted_lb_config: {}}}
    const [branch] = ask({cluster: 'c', clusters: [cluster], assignments: {c: groups}})
    expect(branch?.steps.at(-1)?.rejected).toEqual([
      {candidate: '10.0.0.2:80', because: 'locality load_balancing_weight 0'},
      {candidate: '10.0.0.3:80', because: 'health_status UNHEALTHY'},
      {candidate: '10.0.1.1:80', because: 'priority 1'},
    ])
    expect(branch?.steps[0]?.because).toEqual(['load balancing ROUND_ROBIN', 'priority 0 takes 100 %', 'priority 1 takes 0 %'])
  })

  test('drop_overload is a condition of every branch', () => {
    const policy = {drop_overloads: [{category: 'lb', drop_percentage: {numerator: 20_000, denominator: 'MILLION'}}]}
    const branches = ask({cluster: 'c', clusters: [{name: 'c'}], assignments: {c: {...assignment({hosts: [A]}), policy}}})
    expect(branches.map(({requires}) => requires)).toEqual([
      [{what: 'drop_overload "lb" must let the request through (it drops 20000 per million)'}],
    ])
  })

  test('long lists of them are cut', () => {
    const bad = Array.from({length: 30}, (_, index) => endpoint(`10.0.1.${index}:80`, {health: 'UNHEALTHY'}))
    const good = Array.from({length: 90}, (_, index) => endpoint(`10.0.0.${index}:80`))
    const [branch] = ask({cluster: 'c', clusters: [{name: 'c'}], assignments: {c: assignment({hosts: [...good, ...bad]})}})
    const rejected = branch?.steps.at(-1)?.rejected
    expect(rejected).toHaveLength(MAX_REJECTED + 1)
    expect(rejected?.at(-1)).toEqual({candidate: '10 more hosts', because: 'not listed one by one'})
  })

  test('numbers and structures nobody would write do no harm', () => {
    const odd = {
      endpoints: [
        {priority: 4e9, load_balancing_weight: -1, lb_endpoints: [endpoint('10.0.0.1:80', {weight: 1.5})]},
        {priority: 1e-3, load_balancing_weight: 'NaN', lb_endpoints: [endpoint('10.0.0.2:80', {weight: 1e300})]},
      ],
      policy: {overprovisioning_factor: -3},
    }
    const clusters = [{name: 'c', common_lb_config: {locality_weighted_lb_config: {}}}]
    expect(shares(ask({cluster: 'c', clusters, assignments: {c: odd}}))).toEqual({'10.0.0.2:80': '1'})
  })

  test('an endpoint without address is not left out silently', () => {
    const odd = {endpoints: [{lb_endpoints: [A, {}, null, 'x']}]}
    expect(shares(ask({cluster: 'c', clusters: [{name: 'c'}], assignments: {c: odd}}))).toEqual({
      'undetermined: addresses of an endpoint without address (DNS name in cluster c)': '1',
    })
  })
})

describe('aggregate clusters', () => {
  const members = (...names: readonly string[]): object => ({
    name: 'c',
    cluster_type: {name: 'envoy.clusters.aggregate', typed_config: {'@type': 'x/y', clusters: names}},
  })
  const sick = assignment({hosts: [endpoint('10.0.9.1:80', {health: 'UNHEALTHY'})]})
  const half = assignment({hosts: [A, endpoint('10.0.0.9:80', {health: 'UNHEALTHY'})]}, {priority: 1, hosts: [B]})

  test.each([
    {rule: 'recorded: a member without healthy hosts is passed over', names: ['sick', 'ok'], shares: {'10.0.0.5:80': '1'}},
    {rule: 'priorities of members follow each other', names: ['half', 'ok'], shares: {'10.0.0.1:80': '7/10', '10.0.0.2:80': '3/10'}},
    {rule: 'a member that hashes draws its own priority', names: ['hash', 'ok'], shares: {'10.0.0.1:80': '7/10', '10.0.0.2:80': '3/10'}},
    {rule: 'members that are not there, and nested aggregates, have no hosts', names: ['gone', 'c', 'ok'], shares: {'10.0.0.5:80': '1'}},
    {rule: 'nobody at all', names: ['gone'], shares: {'none: no member of cluster "c" has a usable host': '1'}},
    {
      rule: 'a member that lists no hosts',
      names: ['od', 'ok'],
      shares: {'undetermined: hosts of member od: a ORIGINAL_DST cluster lists none': '1'},
    },
    {rule: 'a member whose endpoints are missing', names: ['unknown', 'ok'], shares: {'undetermined: endpoints of cluster unknown': '1'}},
  ])('$rule', ({names, shares: expected}) => {
    const eds = (name: string): object => ({name, type: 'EDS'})
    const clusters = [
      members(...names),
      eds('sick'),
      eds('ok'),
      eds('half'),
      {...eds('hash'), lb_policy: 'RING_HASH'},
      {name: 'od', type: 'ORIGINAL_DST'},
      eds('unknown'),
    ]
    const assignments = {sick, half, hash: half, ok: assignment({hosts: [endpoint('10.0.0.5:80')]})}
    expect(shares(ask({cluster: 'c', clusters, assignments}))).toEqual(expected)
  })

  test('a host belongs to its member', () => {
    const [host] = hosts(
      ask({
        cluster: 'c',
        clusters: [members('ok'), {name: 'ok', type: 'EDS', http2_protocol_options: {}}],
        assignments: {ok: assignment({hosts: [A]})},
      }),
    )
    expect([host?.cluster.name, host?.http]).toEqual(['ok', 'h2'])
  })
})

describe('dynamic forward proxy', () => {
  const cluster = {name: 'c', cluster_type: {name: 'envoy.clusters.dynamic_forward_proxy', typed_config: {'@type': 'x/y'}}}
  const asks = (authority: string): Stream => ({...stream, request: {...stream.request, authority}})
  const state = (entries: Readonly<Record<string, string>>): Partial<Connection> => ({
    filterState: new Map(Object.entries(entries).map(([key, value]) => [key, {value, shared: 'none' as const}])),
  })

  test.each([
    {rule: 'an address in the authority', with: {stream: asks('10.0.0.7:81')}, shares: {'10.0.0.7:81': '1'}},
    {rule: 'the port of the scheme', with: {stream: asks('10.0.0.7')}, shares: {'10.0.0.7:80': '1'}},
    {rule: 'IPv6', with: {stream: asks('[2001:db8::7]:81')}, shares: {'[2001:db8::7]:81': '1'}},
    {
      rule: 'a name stays a name',
      with: {stream: asks('api.test')},
      shares: {'undetermined: addresses of api.test:80 (DNS name from :authority)': '1'},
    },
    {rule: 'recorded: a name Envoy resolved before', with: {stream: asks('seen.test')}, shares: {'198.18.0.1:80': '1'}},
    {
      rule: 'the SNI without request',
      with: {connection: {serverName: 'sni.test'}},
      shares: {'undetermined: addresses of sni.test:80 (DNS name from SNI)': '1'},
    },
    {
      rule: 'filter state first',
      with: {stream: asks('api.test'), connection: state({'envoy.upstream.dynamic_host': '10.0.0.8', 'envoy.upstream.dynamic_port': '99'})},
      shares: {'10.0.0.8:99': '1'},
    },
    {rule: 'nothing named', with: {}, shares: {'none: the connection names no host for cluster "c" (SNI is empty)': '1'}},
  ])('$rule', ({with: asking, shares: expected}) => {
    const seen = assignment({hosts: [endpoint('198.18.0.1:80', {hostname: 'seen.test:80'})]})
    expect(shares(ask({cluster: 'c', clusters: [cluster], assignments: {c: seen}, ...asking}))).toEqual(expected)
  })

  test('TLS means port 443', () => {
    const secure = {...cluster, transport_socket: {name: 'envoy.transport_sockets.tls'}}
    const [host] = hosts(ask({cluster: 'c', clusters: [secure], stream: asks('10.0.0.7')}))
    expect(host?.address).toEqual({kind: 'socket', ip: '10.0.0.7', port: 443})
  })
})
