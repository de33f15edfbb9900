import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'
import {ENVOY, workspace} from '../snapshot/workspace.js'
import {toSnapshotDir} from './oracle-snapshot.js'

const SCENARIO = {
  schema: 'inventory/1',
  scenario: 'tiny',
  trustDomain: 'example.org',
  rootNamespace: 'istio-system',
  meshConfig: {ambientMesh: {}},
  istioConfig: 'apiVersion: security.istio.io/v1beta1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: ns}\n---\n',
  nodes: [{name: 'n', ip: '192.0.2.1', podCIDR: '10.0.0.0/24', region: 'r', zone: 'z'}],
  namespaces: [{name: 'ns', labels: {'istio.io/dataplane-mode': 'ambient'}}],
  pods: [
    {
      name: 'ztunnel-x',
      namespace: 'ns',
      uid: 'u1',
      serviceAccount: 'ztunnel',
      node: 'n',
      ips: ['10.0.0.2'],
      hostNetwork: false,
      labels: {'ambient-type': 'ztunnel'},
      containerPorts: [],
    },
    {
      name: 'web-5c4-abc',
      namespace: 'ns',
      uid: 'u2',
      serviceAccount: 'web',
      node: 'n',
      ips: ['192.0.2.1'],
      hostNetwork: true,
      labels: {'pod-template-hash': '5c4'},
      containerPorts: [{name: 'http', port: 80, protocol: 'TCP'}],
    },
  ],
  services: [
    {
      name: 'web',
      namespace: 'ns',
      vip: '10.8.0.1',
      selector: {app: 'web'},
      ports: [{name: 'http', port: 80, targetPort: 'http', protocol: 'TCP'}],
    },
    {name: 'db', namespace: 'ns', vip: null, selector: null, ports: [{port: 5432, targetPort: 5432, protocol: 'TCP'}]},
  ],
}

const FILES = {
  'inventory.json': JSON.stringify(SCENARIO),
  'ztunnel-x.config_dump.json': ENVOY,
  'ztunnel-x.nameless-eds.config_dump.json': `${ENVOY} `,
  'cases.json': '[]',
}

describe('toSnapshotDir', () => {
  it('gives the same bytes each time, and dumps byte for byte', () => {
    const scenarioDir = workspace(FILES)
    const [first, second] = [workspace(), workspace()]
    const paths = toSnapshotDir({scenarioDir, outDir: first})
    expect(toSnapshotDir({scenarioDir, outDir: second})).toEqual(paths)
    for (const path of paths) expect(readFileSync(join(first, path))).toEqual(readFileSync(join(second, path)))
    expect(readFileSync(join(first, 'proxies/ns/ztunnel-x.json'), 'utf8')).toBe(ENVOY)
  })

  it('takes the nameless dumps when asked', () => {
    const outDir = workspace()
    toSnapshotDir({scenarioDir: workspace(FILES), outDir, nameless: true})
    expect(readFileSync(join(outDir, 'proxies/ns/ztunnel-x.json'), 'utf8')).toBe(`${ENVOY} `)
  })

  it('opens as a snapshot that says what the scenario says', async () => {
    const outDir = workspace()
    toSnapshotDir({scenarioDir: workspace(FILES), outDir})
    const {inventory, proxies, warnings} = await openSnapshot({paths: [outDir]})
    expect(warnings).toEqual([])
    expect(proxies.map(({name, namespace, node}) => [name, namespace, node])).toEqual([['ztunnel-x', 'ns', 'n']])
    expect(inventory?.trustDomain).toBe('example.org')
    expect(inventory?.pods).toMatchObject([
      {
        name: 'web-5c4-abc',
        uid: 'u2',
        hostNetwork: true,
        serviceAccount: 'web',
        ips: ['192.0.2.1'],
        node: 'n',
        ready: true,
        owner: {kind: 'ReplicaSet', name: 'web-5c4'},
      },
      {name: 'ztunnel-x', labels: new Map([['ambient-type', 'ztunnel']]), hostNetwork: false, containerPorts: []},
    ])
    expect(inventory?.services).toMatchObject([
      {name: 'db', headless: true, clusterIPs: [], ports: [{port: 5432, targetPort: 5432}]},
      {name: 'web', clusterIPs: ['10.8.0.1'], ports: [{name: 'http', port: 80, targetPort: 'http'}]},
    ])
    expect(inventory?.nodes).toMatchObject([{name: 'n', ips: ['192.0.2.1'], podCIDRs: ['10.0.0.0/24']}])
    expect(inventory?.namespaces).toMatchObject([{name: 'ns'}])
    expect(inventory?.serviceAccounts?.map((account) => account.name)).toEqual(['web', 'ztunnel'])
  })
})
