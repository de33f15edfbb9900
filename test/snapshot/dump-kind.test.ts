import {describe, expect, it} from 'vitest'
import {dumpKind, roughKind} from '../../src/snapshot/dump-kind.js'
import {containing} from './workspace.js'

describe('dumpKind', () => {
  const cases: {readonly name: string; readonly keys: string; readonly types?: readonly string[]; readonly kind: unknown}[] = [
    {name: 'Envoy', keys: 'configs', types: ['envoy.admin.v3.BootstrapConfigDump'], kind: 'envoy'},
    {name: 'Envoy without any config', keys: 'configs', kind: 'envoy'},
    {
      name: 'something else in configs',
      keys: 'configs',
      types: ['envoy.admin.v3.X', 'google.rpc.Status'],
      kind: {opaque: '"configs" holds google.rpc.Status, which Envoy does not print'},
    },
    {
      name: 'ztunnel 1.18',
      keys: 'workloads workload_to_vip vips policies policies_by_namespace proxy_mode local_node static_config version config',
      kind: 'ztunnel',
    },
    {
      name: 'ztunnel 1.19 to 1.21',
      keys: 'by_addr by_uid by_hostname staged_services workload_to_services by_vip by_host by_key by_namespace config',
      kind: 'ztunnel',
    },
    {
      name: 'ztunnel 1.22',
      keys: 'certificates config policies services servicesByHostname stagedServices staticConfig version workloadState workloads',
      kind: 'ztunnel',
    },
    {
      name: 'a dedicated ztunnel',
      keys: 'certificates config policies services stagedServices staticConfig version workloads',
      kind: 'ztunnel',
    },
    {name: 'agentgateway', keys: 'binds workloads services policies', kind: {opaque: containing('"binds", "workloads"')}},
    {name: 'an empty object', keys: '', kind: {opaque: containing('the object is empty')}},
    {name: 'many other keys', keys: 'a b c d e f g', kind: {opaque: containing('"e" and 2 more')}},
  ]
  it.each(cases)('$name', ({keys, types, kind}) => {
    expect(dumpKind({documentKeys: new Set(keys.split(' ').filter((key) => key !== '')), configTypes: types ?? []})).toEqual(kind)
  })
})

describe('roughKind', () => {
  it('goes by the first keys', () => {
    const kinds = ['apiVersion items', 'configs', 'certificates', 'by_addr', 'cases', ''].map((keys) => roughKind(new Set(keys.split(' '))))
    expect(kinds).toEqual(['inventory', 'config-dump', 'config-dump', 'config-dump', 'other', 'other'])
  })
})
