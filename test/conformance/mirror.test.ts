import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {compareTree} from './compare.js'
import {inIpv6, renamed, writeMirrored, type Mirror} from './mirror.js'

const folder = mkdtempSync(join(tmpdir(), 'ambientctl-mirror-'))
afterAll(() => {
  rmSync(folder, {recursive: true})
})

async function resultsOf(
  name: string,
  {mirror, scenarios}: {readonly mirror: Mirror; readonly scenarios: readonly string[]},
): Promise<readonly object[]> {
  const into = join(folder, name)
  writeMirrored({into, scenarios, mirror})
  const results = await compareTree(into)
  return results.map(({layer, passed, failed}) => ({layer, some: passed > 10, failed}))
}

describe('recordings in other words: the same answers', {timeout: 120_000}, () => {
  it('with IPv6 addresses', async () => {
    const scenarios = ['wholepath/orchard', 'ztunnel/waypoints', 'ztunnel-old/v1.24-waypoints']
    expect(await resultsOf('ipv6', {mirror: inIpv6, scenarios})).toEqual([
      {layer: 'wholepath', some: true, failed: []},
      {layer: 'ztunnel', some: true, failed: []},
      {layer: 'ztunnel-old', some: true, failed: []},
    ])
  })

  it('with other names of domain, cluster and control plane', async () => {
    const scenarios = ['wholepath/orchard', 'istiod/canary-waypoint']
    expect(await resultsOf('renamed', {mirror: renamed, scenarios})).toEqual([
      {layer: 'istiod', some: true, failed: []},
      {layer: 'wholepath', some: true, failed: []},
    ])
  })
})

describe('a mirror', () => {
  it.each([
    {name: 'an address', text: '{"a": "10.0.0.1"}', shown: '{"a":"fd00::a00:1"}'},
    {name: 'a socket', text: '{"a": "10.244.1.11:9080"}', shown: '{"a":"[fd00::af4:10b]:9080"}'},
    {name: 'a VIP of a network', text: '{"net/10.0.0.1": ["/10.0.0.2"]}', shown: '{"net/fd00::a00:1":["/fd00::a00:2"]}'},
    {name: 'a range', text: '{"a": "10.0.0.0/8"}', shown: '{"a":"fd00::a00:0/104"}'},
    {
      name: 'a range of Envoy',
      text: '{"address_prefix": "10.0.0.1", "prefix_len": 32}',
      shown: '{"address_prefix":"fd00::a00:1","prefix_len":128}',
    },
    {name: 'a version', text: '{"a": "1.29.6-10"}', shown: '{"a":"1.29.6-10"}'},
  ])('shows $name in IPv6', ({text, shown}) => {
    expect(inIpv6(text)).toBe(shown)
  })
})
