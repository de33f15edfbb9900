import type {Family} from '../../src/kernel/config/ip.js'

/** The three namespaces: a client, a node that forwards, and a pod behind two links (as in 2022: eth0 and a tunnel). */
export type Role = 'client' | 'node' | 'pod'

export const ROLES = ['client', 'node', 'pod'] as const

export interface Link {
  readonly from: {readonly role: Role; readonly device: string; readonly addresses: Readonly<Record<Family, string>>}
  readonly to: {readonly role: Role; readonly device: string; readonly addresses: Readonly<Record<Family, string>>}
}

export const LINKS: readonly Link[] = [
  {
    from: {role: 'client', device: 'eth0', addresses: {4: '10.1.0.2/24', 6: 'fd01::2/64'}},
    to: {role: 'node', device: 'cli0', addresses: {4: '10.1.0.1/24', 6: 'fd01::1/64'}},
  },
  {
    from: {role: 'pod', device: 'eth0', addresses: {4: '10.2.0.2/24', 6: 'fd02::2/64'}},
    to: {role: 'node', device: 'pod0', addresses: {4: '10.2.0.1/24', 6: 'fd02::1/64'}},
  },
  {
    from: {role: 'pod', device: 'tun0', addresses: {4: '10.3.0.2/30', 6: 'fd03::2/64'}},
    to: {role: 'node', device: 'tun0', addresses: {4: '10.3.0.1/30', 6: 'fd03::1/64'}},
  },
]

/** Further addresses on the loopback device. */
export const LOOPBACK_ADDRESSES: Readonly<Record<Role, Readonly<Record<Family, readonly string[]>>>> = {
  client: {4: [], 6: []},
  node: {4: ['10.5.0.1/32'], 6: ['fd05::1/128']},
  pod: {4: ['10.2.0.7/32'], 6: ['fd02::7/128']},
}

export const DEFAULT_ROUTES: Readonly<Record<Role, Readonly<Record<Family, readonly string[]>>>> = {
  client: {4: ['default via 10.1.0.1 dev eth0'], 6: ['default via fd01::1 dev eth0']},
  node: {4: ['10.2.0.7 via 10.2.0.2 dev pod0'], 6: ['fd02::7 via fd02::2 dev pod0']},
  pod: {4: ['default via 10.2.0.1 dev eth0'], 6: ['default via fd02::1 dev eth0']},
}

export const DEVICES: Readonly<Record<Role, readonly string[]>> = {
  client: ['lo', 'eth0'],
  node: ['lo', 'cli0', 'pod0', 'tun0'],
  pod: ['lo', 'eth0', 'tun0'],
}

/** Own addresses, which a socket may bind. */
export const OWN: Readonly<Record<Role, Readonly<Record<Family, readonly string[]>>>> = {
  client: {4: ['10.1.0.2', '127.0.0.1'], 6: ['fd01::2']},
  node: {4: ['10.1.0.1', '10.2.0.1', '10.3.0.1', '10.5.0.1'], 6: ['fd01::1', 'fd02::1', 'fd03::1', 'fd05::1']},
  pod: {4: ['10.2.0.2', '10.3.0.2', '10.2.0.7'], 6: ['fd02::2', 'fd03::2', 'fd02::7']},
}

/** What is dialled: pod, node, client, a virtual address, one nobody has, loopback. */
export const DIALLED: Readonly<Record<Family, readonly string[]>> = {
  4: [
    '10.2.0.2',
    '10.2.0.2',
    '10.2.0.7',
    '10.3.0.2',
    '10.1.0.1',
    '10.2.0.1',
    '10.5.0.1',
    '10.1.0.2',
    '10.96.0.10',
    '10.96.0.10',
    '10.2.0.99',
    '127.0.0.1',
  ],
  6: ['fd02::2', 'fd02::2', 'fd02::7', 'fd03::2', 'fd01::1', 'fd02::1', 'fd05::1', 'fd01::2', 'fd96::10', 'fd96::10', '::1'],
}

/** Where rules may send connections. */
export const NAT_TARGETS: Readonly<Record<Family, readonly string[]>> = {
  4: ['10.2.0.2', '10.2.0.7', '10.5.0.1', '10.1.0.2'],
  6: ['fd02::2', 'fd02::7', 'fd05::1', 'fd01::2'],
}

export const NETWORKS: Readonly<Record<Family, readonly string[]>> = {
  4: [
    '10.1.0.0/24',
    '10.2.0.0/24',
    '10.2.0.2/32',
    '10.2.0.7/32',
    '10.96.0.0/16',
    '10.1.0.2/32',
    '127.0.0.0/8',
    '10.0.0.0/8',
    '10.5.0.1/32',
  ],
  6: ['fd01::/64', 'fd02::/64', 'fd02::2/128', 'fd02::7/128', 'fd96::/16', 'fd01::2/128', '::1/128', 'fd00::/8', 'fd05::1/128'],
}
