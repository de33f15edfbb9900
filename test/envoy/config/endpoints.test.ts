import {describe, expect, it} from 'vitest'
import type {EndpointLookup} from '../../../src/envoy/config/model.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import {memoryStore} from '../../../src/json/memory-store.js'

const inline = {
  cluster_name: 'c',
  endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: '10.0.0.1', port_value: 80}}}}]}],
}
const resolved = {cluster_name: 'c', endpoints: []}
const eds = (service: string): object => ({name: 'c', type: 'EDS', eds_cluster_config: {service_name: service}})

interface Case {
  readonly case: string
  readonly cluster: object
  /** Assignments of the endpoints section; absent without such a section. */
  readonly section?: readonly object[]
  readonly found: Partial<EndpointLookup> & {readonly assignment?: undefined}
  readonly pointer?: string
}

const cases: readonly Case[] = [
  {
    case: 'by service_name',
    cluster: eds('s'),
    section: [{cluster_name: 'c'}, {cluster_name: 's'}],
    found: {kind: 'found', join: 'exact', inferred: false},
    pointer: '/configs/1/dynamic_endpoint_configs/1/endpoint_config',
  },
  {case: 'not by cluster name when a service_name is set', cluster: eds('s'), section: [{cluster_name: 'c'}], found: {kind: 'not-in-dump'}},
  {
    case: 'by cluster name otherwise',
    cluster: eds(''),
    section: [{cluster_name: 'c'}],
    found: {kind: 'found', join: 'exact', inferred: false},
    pointer: '/configs/1/dynamic_endpoint_configs/0/endpoint_config',
  },
  {case: 'no endpoints section', cluster: eds(''), found: {kind: 'no-endpoints-section'}},
  {case: 'an empty endpoints section', cluster: eds(''), section: [], found: {kind: 'not-in-dump'}},
  {
    case: 'resolved hosts before inline ones',
    cluster: {name: 'c', type: 'STRICT_DNS', load_assignment: inline},
    section: [resolved],
    found: {kind: 'found', join: 'exact', inferred: false},
    pointer: '/configs/1/dynamic_endpoint_configs/0/endpoint_config',
  },
  {
    case: 'inline hosts of a DNS cluster are names only',
    cluster: {name: 'c', type: 'STRICT_DNS', load_assignment: inline},
    found: {kind: 'found', join: 'exact', inferred: true},
    pointer: '/configs/0/dynamic_active_clusters/0/cluster/load_assignment',
  },
  {
    case: 'inline hosts of a STATIC cluster are the hosts',
    cluster: {name: 'c', load_assignment: inline},
    section: [],
    found: {kind: 'found', join: 'exact', inferred: false},
    pointer: '/configs/0/dynamic_active_clusters/0/cluster/load_assignment',
  },
  {
    case: 'equal assignments under one name',
    cluster: eds('s'),
    section: [
      {cluster_name: 's', endpoints: []},
      {cluster_name: 's', endpoints: []},
    ],
    found: {kind: 'found', join: 'exact', inferred: false},
  },
  {
    case: 'differing assignments under one name',
    cluster: eds('s'),
    section: [{cluster_name: 's'}, {cluster_name: 's', endpoints: [{}]}],
    found: {kind: 'ambiguous'},
  },
]

describe('endpoints of a cluster', () => {
  it.each(cases)('$case', ({cluster, section, found, pointer}) => {
    const config = readEnvoyConfig(
      memoryStore({
        name: 'proxy.json',
        document: {
          configs: [
            {'@type': 'type.googleapis.com/envoy.admin.v3.ClustersConfigDump', dynamic_active_clusters: [{cluster}]},
            ...(section === undefined
              ? []
              : [
                  {
                    '@type': 'type.googleapis.com/envoy.admin.v3.EndpointsConfigDump',
                    dynamic_endpoint_configs: section.map((one) => ({endpoint_config: one})),
                  },
                ]),
          ],
        },
      }),
    )
    const resource = config.cluster('c')
    const lookup = resource && config.endpoints(resource)
    expect(lookup).toMatchObject(found)
    if (pointer !== undefined) expect(lookup?.kind === 'found' && lookup.assignment.pointer).toBe(pointer)
  })
})
