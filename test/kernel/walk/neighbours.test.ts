import {describe, expect, test} from 'vitest'
import {smallNamespace, type SmallNamespace} from '../small-namespace.js'
import {joinNamespaces} from '../../../src/kernel/config/network.js'
import {walkAttempt, type Attempt} from '../../../src/kernel/walk/connect.js'

interface Asked {
  readonly here?: Partial<SmallNamespace>
  readonly there?: Partial<SmallNamespace>
  readonly attempt?: Partial<Attempt>
}

/** Two namespaces on one link, whose sender has an address in two networks: whether a packet gets across. */
function getsAcross({here = {}, there = {}, attempt = {}}: Asked): boolean | undefined {
  const network = joinNamespaces([
    smallNamespace({name: 'here', links: ['eth0 2 10.1.0.1/24,10.2.0.1/24 2 there'], ...here}),
    smallNamespace({
      name: 'there',
      links: ['eth0 2 10.2.0.2/24 2 here', 'eth1 3 10.7.0.1/24 9 elsewhere'],
      routes: 'default via 10.2.0.1 dev eth0',
      listens: [80],
      ...there,
    }),
  ])
  const branches = walkAttempt(network, {
    namespace: 'here',
    protocol: 'tcp',
    sourcePort: 40_000,
    destination: {ip: '10.2.0.2', port: 80},
    mark: 0,
    transparent: false,
    ...attempt,
  })
  return branches?.[0]?.outcome.passes.some(({namespace}) => namespace === 'there')
}

describe('a question for a neighbour', () => {
  // 10.2.0.0/24 is local to who is asked, but for packets with the mark: what comes from there is not believed.
  const believesNothingNear = {
    rules: '0: from all lookup local\n1: not from all fwmark 0x40/0xfff lookup 101\n32766: from all lookup main',
    routes: 'default via 10.2.0.1 dev eth0\nlocal 10.2.0.0/24 dev lo table 101',
    sysctls: 'net.ipv4.conf.eth0.rp_filter = 2',
  }
  const foreign = {transparent: true, source: '10.9.9.9'} as const

  test.each([
    {what: 'announces the source of the packet', attempt: {source: '10.1.0.1'}, here: {}, across: true},
    {what: 'announces an address of the network of the target for a foreign source', attempt: foreign, here: {}, across: false},
    {what: 'does so always with arp_announce 2', attempt: {source: '10.1.0.1'}, here: announcing(2), across: false},
    {
      what: 'does so for a source of another network with arp_announce 1',
      attempt: {source: '10.1.0.1'},
      here: announcing(1),
      across: false,
    },
  ])('$what', ({attempt, here, across}) => {
    expect(getsAcross({there: believesNothingNear, attempt, here})).toBe(across)
  })

  function announcing(value: number): Partial<SmallNamespace> {
    return {sysctls: `net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.arp_announce = ${value}`}
  }
})

describe('who answers for an address', () => {
  const settings = (...lines: readonly string[]): Partial<SmallNamespace> => ({sysctls: ['net.ipv4.ip_forward = 1', ...lines].join('\n')})
  const other = {here: {routes: '10.7.0.0/24 dev eth0'}, attempt: {destination: {ip: '10.7.0.1', port: 80}}}

  test.each([
    {what: 'one of another device', sysctl: 'arp_ignore = 0', across: true},
    {what: 'not one of another device with arp_ignore 1', sysctl: 'arp_ignore = 1', across: false},
    {what: 'not one of another network with arp_ignore 2', sysctl: 'arp_ignore = 2', across: false},
    {what: 'one that is no address of the host alone with arp_ignore 3', sysctl: 'arp_ignore = 3', across: true},
    {what: 'nobody with arp_ignore 8', sysctl: 'arp_ignore = 8', across: false},
    {what: 'one whose answer leaves by the device with arp_filter', sysctl: 'arp_filter = 1', across: true},
  ])('$what', ({sysctl, across}) => {
    expect(getsAcross({...other, there: settings(`net.ipv4.conf.all.${sysctl}`)})).toBe(across)
  })

  test('not one whose answer leaves elsewhere with arp_filter', () => {
    const routes = 'default via 10.7.0.9 dev eth1'
    const there = {...settings('net.ipv4.conf.all.arp_filter = 1'), routes}
    expect(getsAcross({there, attempt: {source: '10.1.0.1'}})).toBe(false)
  })

  test.each([
    {what: 'a proxy for what is behind another device', target: '10.7.0.9', answered: true},
    {what: 'no proxy for what is behind the asked one', target: '10.2.0.9', answered: false},
  ])('$what', ({target, answered}) => {
    const there = settings('net.ipv4.conf.eth0.proxy_arp = 1')
    const here = {routes: '10.7.0.0/24 dev eth0'}
    expect(getsAcross({there, here, attempt: {destination: {ip: target, port: 80}}})).toBe(answered)
  })
})
