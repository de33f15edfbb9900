import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {describe, expect, test} from 'vitest'
import {formatSocket} from '../../../src/flow/address.js'
import {formatShare} from '../../../src/flow/share.js'
import {kubeProxyMode} from '../../../src/kernel/findings/kube-proxy-mode.js'
import type {Attempt} from '../../../src/kernel/walk/connect.js'
import {smallNamespace} from '../small-namespace.js'
import {walkSmall} from '../small-walk.js'

// The same services in both modes of kube-proxy: web with three endpoints (one on the node), sticky with affinity, empty with none.
// nft printed the one text for rules as kube-proxy 1.31 loads them; the other is in the form of iptables-save.

function textOf(name: string): string {
  return readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8')
}

const MODES = {
  iptables: nodeWith({iptables: textOf('iptables-save.txt')}),
  nftables: nodeWith({nft: textOf('nft-ruleset.txt')}),
} as const

function nodeWith(rules: {readonly iptables?: string; readonly nft?: string}) {
  return smallNamespace({
    name: 'here',
    links: ['eth0 2 10.0.0.2/24 7 elsewhere', 'eth1 3 10.1.255.254/16 8 pods'],
    routes: 'default via 10.0.0.1 dev eth0',
    listens: [8080],
    ...rules,
  })
}

type Mode = keyof typeof MODES

/** Share, and the endpoint or what the client sees. */
function ends(mode: Mode, attempt: Partial<Attempt>): readonly string[] {
  return walkSmall(MODES[mode], attempt).branches.map(({outcome: {owner, result}, share}) =>
    [formatShare(share), owner === undefined ? result : formatSocket({...owner.local, port: owner.local.port})].join(' '),
  )
}

const POD = {source: '10.1.0.9', inDevice: 'eth1'} as const
const CLIENT = {source: '192.0.2.1', inDevice: 'eth0'} as const
const STRANGER = {source: '198.18.0.1', inDevice: 'eth0'} as const
const ALL = ['1/3 10.1.0.1:8080', '1/3 10.1.0.2:8080', '1/3 10.0.0.2:8080']
const LOCAL = ['1 10.0.0.2:8080']
const at = (ip: string, port: number): Pick<Attempt, 'destination'> => ({destination: {ip, port}})

const WALKS: readonly {readonly what: string; readonly attempt: Partial<Attempt>; readonly found: readonly string[]}[] = [
  {what: 'a pod calls the service', attempt: {...POD, ...at('10.96.0.10', 80)}, found: ALL},
  {what: 'the node calls the service', attempt: at('10.96.0.10', 80), found: ALL},
  {what: 'a load balancer address, externalTrafficPolicy Local', attempt: {...CLIENT, ...at('203.0.113.9', 80)}, found: LOCAL},
  {what: 'a source outside of loadBalancerSourceRanges', attempt: {...STRANGER, ...at('203.0.113.9', 80)}, found: ['1 timeout']},
  {what: 'a node port, externalTrafficPolicy Local', attempt: {...STRANGER, ...at('10.0.0.2', 30_080)}, found: LOCAL},
  {what: 'a node port, from a pod', attempt: {...POD, ...at('10.0.0.2', 30_080)}, found: ALL},
  {what: 'a node port, from the node', attempt: at('10.0.0.2', 30_080), found: ALL},
  {what: 'no endpoints, from a pod', attempt: {...POD, ...at('10.96.0.50', 80)}, found: ['1 ECONNREFUSED']},
  {what: 'no endpoints, from the node', attempt: at('10.96.0.50', 80), found: ['1 ECONNREFUSED']},
]

describe.each<Mode>(['iptables', 'nftables'])('kube-proxy in %s mode', (mode) => {
  test('is recognised', () => {
    expect(kubeProxyMode(MODES[mode])).toBe(mode)
  })

  test.each(WALKS)('$what', ({attempt, found}) => {
    expect(ends(mode, attempt)).toEqual(found)
  })

  test('session affinity: where a client was before nobody recorded; a new one is drawn an endpoint', () => {
    const {branches} = walkSmall(MODES[mode], {...POD, ...at('10.96.0.20', 80)})
    expect(branches.map(({outcome}) => outcome.owner?.local.ip)).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.1', '10.1.0.2'])
    expect(branches.map(({assumed}) => assumed.map(({holds}) => holds))).toEqual([[true], [false, true], [false, false], [false, false]])
    expect(branches[0]?.assumed[0]?.what).toContain(
      mode === 'iptables' ? 'in the list KUBE-SEP-STICKY-A of recent' : 'set affinity-A-shop/sticky',
    )
  })
})

test('internalTrafficPolicy Local takes the endpoint of the node', () => {
  expect(ends('iptables', {...POD, ...at('10.96.0.30', 80)})).toEqual(LOCAL)
})

test('an old release without local endpoints drops what comes from outside, and helps pods', () => {
  expect(ends('iptables', {...STRANGER, ...at('10.0.0.2', 30_081)})).toEqual(['1 timeout'])
  expect(ends('iptables', {...POD, ...at('10.0.0.2', 30_081)})).toEqual(ALL)
})

test('nftables mode refuses ports that no service has, and addresses that none has', () => {
  expect(ends('nftables', {...POD, ...at('10.96.0.10', 81)})).toEqual(['1 ECONNREFUSED'])
  expect(ends('nftables', {...POD, ...at('10.96.9.9', 80)})).toEqual(['1 timeout'])
})
