import {describe, expect, test} from 'vitest'
import {boundSource} from '../../../src/envoy/cluster/bind-source.js'
import {view} from '../match/samples.js'

const V4 = {kind: 'socket', ip: '10.0.0.1', port: 80} as const
const V6 = {kind: 'socket', ip: '2001:db8::1', port: 80} as const
const at = (address: string): object => ({address, port_value: 0})

// Envoy UpstreamLocalAddressSelector.
describe('upstream_bind_config', () => {
  test.each([
    {rule: 'none', config: undefined, to: V4, ip: undefined},
    {rule: 'its source address', config: {source_address: at('192.0.2.1')}, to: V4, ip: '192.0.2.1'},
    {rule: 'the kernel chooses', config: {source_address: at('0.0.0.0')}, to: V4, ip: undefined},
    {rule: 'no address of the family', config: {source_address: at('192.0.2.1')}, to: V6, ip: undefined},
    {
      rule: 'the extra address of the family',
      config: {source_address: at('192.0.2.1'), extra_source_addresses: [{address: at('2001:db8::9')}]},
      to: V6,
      ip: '2001:db8::9',
    },
    {rule: 'no socket', config: {source_address: at('192.0.2.1')}, to: {kind: 'pipe', path: '/x'} as const, ip: undefined},
  ])('$rule', ({config, to, ip}) => {
    expect(boundSource(config === undefined ? undefined : view(config), to)?.ip).toBe(ip)
  })
})
