import {describe, expect, it} from 'vitest'
import {summarizeDump} from '../../src/app/dump-summary.js'
import {memoryStore} from '../../src/json/memory-store.js'
import {renderDumpSummary} from '../../src/render/dump-summary.js'
import {createTheme} from '../../src/render/theme.js'

const type = (name: string): string => `type.googleapis.com/envoy.admin.v3.${name}`

describe('the summary of a dump', () => {
  it('counts listeners by the state they are in', () => {
    const summary = summarizeDump(
      memoryStore({
        name: 'a.json',
        document: {
          configs: [
            {
              '@type': type('ListenersConfigDump'),
              dynamic_listeners: [
                {name: 'a', active_state: {listener: {name: 'a'}}, error_state: {details: 'bad'}},
                {name: 'b', warming_state: {listener: {name: 'b'}}},
              ],
              static_listeners: [{listener: {}}],
            },
          ],
        },
      }),
      'envoy',
    )
    expect(summary.counts[0]).toEqual({
      kind: 'listeners',
      total: 3,
      states: [
        {state: 'active', count: 1},
        {state: 'warming', count: 1},
        {state: 'static', count: 1},
      ],
    })
    expect(summary.warnings).toEqual(['listener a: an update was rejected: bad'])
  })

  it('names a listener that never came into force, one for UDP, and a section nobody knows', () => {
    const udp = {name: 'dns', address: {socket_address: {protocol: 'UDP', address: '0.0.0.0', port_value: 53}}}
    const document = {
      configs: [
        {
          '@type': type('ListenersConfigDump'),
          dynamic_listeners: [
            {name: 'gone', error_state: {details: 'bad'}},
            {name: 'dns', active_state: {listener: udp}},
          ],
        },
        {'@type': 'type.googleapis.com/acme.v1.Extra', things: [{}]},
      ],
    }
    const {counts, warnings} = summarizeDump(memoryStore({name: 'a.json', document}), 'envoy')
    expect(counts[0]).toEqual({
      kind: 'listeners',
      total: 2,
      states: [
        {state: 'active', count: 1},
        {state: 'rejected', count: 1},
      ],
    })
    expect(warnings).toEqual([
      'section acme.v1.Extra is not understood: what it holds is left out',
      'listener dns takes UDP: it cannot be walked',
      'listener gone: an update was rejected: bad',
    ])
  })

  it('says that endpoints are missing, not that there are none', () => {
    const clusters = {'@type': type('ClustersConfigDump'), static_clusters: [{cluster: {name: 'a'}}]}
    const lacking = summarizeDump(memoryStore({name: 'a.json', document: {configs: [clusters]}}), 'envoy')
    expect(lacking.warnings).toEqual(['the dump lacks endpoints: collect it again with /config_dump?include_eds'])
    const absent = 'not in this dump: collect it with ?include_eds'
    expect(lacking.counts.find(({kind}) => kind === 'endpoints')).toEqual({kind: 'endpoints', total: 0, states: [], absent})
    const look = {theme: createTheme(0), width: 80}
    expect(renderDumpSummary(lacking, look)).toMatch(/^endpoints +- +not in this dump: collect it with \?include_eds$/m)
    const empty = summarizeDump(
      memoryStore({name: 'a.json', document: {configs: [clusters, {'@type': type('EndpointsConfigDump')}]}}),
      'envoy',
    )
    expect(empty.warnings).toEqual([])
    expect(renderDumpSummary(empty, look)).toMatch(/^endpoints +0$/m)
  })

  it('counts what a Rust ztunnel holds', () => {
    const document = {workloads: [{}, {}], services: [{}], policies: [], certificates: [], version: {istioVersion: '1.27.0'}}
    expect(summarizeDump(memoryStore({name: 'z.json', document}), 'ztunnel')).toMatchObject({
      proxy: {role: 'ztunnel', version: 'ztunnel 1.27.0'},
      counts: [
        {kind: 'workloads', total: 2},
        {kind: 'services', total: 1},
        {kind: 'policies', total: 0},
        {kind: 'certificates', total: 0},
      ],
    })
  })
})
