import type {NetworkNamespace} from '../../src/kernel/config/namespace.js'
import {readNamespace} from '../../src/kernel/config/read-namespace.js'

export interface SmallNamespace {
  readonly name: string
  /** `eth0 2 10.0.0.1/24 3 peer`: name, index, address, index and namespace of the other end. */
  readonly links: readonly string[]
  readonly rules?: string
  readonly routes?: string
  readonly iptables?: string
  readonly nft?: string
  readonly ipset?: string
  readonly listens?: readonly number[]
  readonly sysctls?: string
}

/** A namespace from the texts its commands would print; local and connected routes are added for each address. */
export function smallNamespace({
  name,
  links,
  rules,
  routes = '',
  iptables,
  nft,
  ipset,
  listens = [],
  sysctls,
}: SmallNamespace): NetworkNamespace {
  const devices = links.map((link) => link.split(' '))
  return readNamespace({
    name,
    files: {
      devices: [
        {file: 'ip-addr.txt', text: ['1: lo: <LOOPBACK,UP>\n    inet 127.0.0.1/8 scope host lo', ...devices.map(deviceText)].join('\n')},
      ],
      routes: {file: 'ip-route.txt', text: [...devices.flatMap(routeTexts), LOOPBACK, routes].join('\n')},
      ...(rules === undefined ? {} : {rules: {file: 'ip-rule.txt', text: rules}}),
      ...(iptables === undefined ? {} : {iptables: [{file: 'iptables-save.txt', text: iptables}]}),
      ...(nft === undefined ? {} : {nft: {file: 'nft-ruleset.txt', text: nft}}),
      ...(ipset === undefined ? {} : {ipset: {file: 'ipset-save.txt', text: ipset}}),
      listeners: {file: 'ss.txt', text: listens.map((port) => `tcp LISTEN 0 16 0.0.0.0:${port} 0.0.0.0:*`).join('\n')},
      sysctls: {file: 'sysctl.txt', text: sysctls ?? 'net.ipv4.ip_forward = 1'},
    },
  })
}

const LOOPBACK = 'local 127.0.0.0/8 dev lo table local scope host src 127.0.0.1'

function deviceText([name = '', index = '', address = '', peer = '', namespace = '', master]: readonly string[]): string {
  const owner = master === undefined ? '' : ` master ${master}`
  const end =
    peer === 'bridge'
      ? `${index}: ${name}: <UP>\n    bridge forward_delay 1500`
      : `${index}: ${name}@if${peer}: <UP> mtu 1500${owner} link-netns ${namespace}`
  return address === '-' ? end : `${end}\n    inet ${address} scope global ${name}`
}

function routeTexts([name = '', , address = '']: readonly string[]): readonly string[] {
  if (address === '-') return []
  const [ip = ''] = address.split('/')
  return [`local ${ip} dev ${name} table local scope host src ${ip}`, `${networkOf(address)} dev ${name} scope link src ${ip}`]
}

/** Only /24 and /32 are used here. */
function networkOf(address: string): string {
  return address.endsWith('/24') ? address.replace(/\.\d+\/24$/, '.0/24') : address
}
