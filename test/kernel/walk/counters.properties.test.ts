import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {networkWithOutside} from '../../../src/kernel/config/outside.js'
import {walkAttempt, type Attempt} from '../../../src/kernel/walk/connect.js'
import {rulesetText} from '../../kernel-live/rulesets.js'
import type {Loader} from '../../kernel-live/lab-scenario.js'
import {smallNamespace} from '../small-namespace.js'

const COMMON = {namespace: 'pod', sourcePort: 40_000, mark: 0, transparent: false} as const

const ATTEMPTS: readonly Attempt[] = [
  {...COMMON, protocol: 'tcp', destination: {ip: '10.96.0.10', port: 80}},
  {...COMMON, protocol: 'udp', destination: {ip: '10.1.0.2', port: 53}},
  {...COMMON, protocol: 'icmp', destination: {ip: '10.2.0.1', port: 0}},
  {...COMMON, protocol: 'tcp', destination: {ip: '10.2.0.2', port: 15_008}, source: '10.1.0.2', inDevice: 'eth0'},
]

describe.each<Loader>(['iptables-legacy', 'iptables-nft', 'nft'])('random rules of %s', (loader) => {
  const rules = rulesetText({family: 4, role: 'pod', loader})
  const count = fc.nat({max: 2 ** 40})

  test('do with each packet the same whatever they have counted', () => {
    fc.assert(
      fc.property(rules, count, count, (text, packets, bytes) => {
        const counted = loader === 'nft' ? countedNft(text, {packets, bytes}) : countedSave(text, {packets, bytes})
        expect(walks(counted, loader)).toEqual(walks(text, loader))
      }),
      {numRuns: 60},
    )
  })
})

interface Counts {
  readonly packets: number
  readonly bytes: number
}

function countedSave(text: string, {packets, bytes}: Counts): string {
  return text.replaceAll(/^-A /gm, `[${packets}:${bytes}] -A `).replaceAll('[0:0]', `[${packets}:${bytes}]`)
}

function countedNft(text: string, {packets, bytes}: Counts): string {
  return text.replaceAll(/\bcounter\b/g, `counter packets ${packets} bytes ${bytes}`)
}

function walks(text: string, loader: Loader): unknown {
  const namespace = smallNamespace({
    name: 'pod',
    links: ['eth0 2 10.2.0.2/24 7 elsewhere', 'tun0 3 10.3.0.2/24 8 elsewhere'],
    routes: 'default via 10.2.0.1 dev eth0',
    listens: [80, 15_001, 15_006, 15_008],
    ...(loader === 'nft' ? {nft: text} : {iptables: text}),
  })
  const network = networkWithOutside([namespace])
  return ATTEMPTS.map((attempt) => walkAttempt(network, attempt))
}
