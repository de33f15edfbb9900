import {familyOf, formatPrefix, parsePrefix, type Family} from '../../src/kernel/config/ip.js'
import type {Listener} from '../../src/kernel/config/model.js'
import type {NetworkNamespace} from '../../src/kernel/config/namespace.js'
import {readNamespace, type NamespaceFiles} from '../../src/kernel/config/read-namespace.js'

export interface SmallNamespace {
  readonly name: string
  /** `eth0 2 10.0.0.1/24,fd00::1/64 3 peer`: name, index, addresses, index and namespace of the other end; or `tunnel` (geneve) or `vxlan`, and the remote address. */
  readonly links: readonly string[]
  readonly rules?: string
  readonly routes?: string
  readonly iptables?: string
  readonly rules6?: string
  readonly routes6?: string
  readonly ip6tables?: string
  readonly nft?: string
  readonly ipset?: string
  /** A number is a TCP port on all addresses of both families. */
  readonly listens?: readonly (number | SmallListener)[]
  readonly sysctls?: string
}

export interface SmallListener extends Partial<Pick<Listener, 'protocol' | 'mark' | 'transparent' | 'owner'>> {
  readonly port: number
}

/** A namespace from the texts its commands would print; local and connected routes are added for each address. */
export function smallNamespace({name, links, listens = [], ...texts}: SmallNamespace): NetworkNamespace {
  const devices = links.map((link) => link.split(' '))
  const namespace = readNamespace({name, files: filesOf(devices, {listens, ...texts})})
  return {...namespace, listeners: namespace.listeners.map((listener) => ({...listener, ...optionsOf(listener, listens)}))}
}

type Words = readonly string[]

function filesOf(devices: readonly Words[], {sysctls, ...texts}: Omit<SmallNamespace, 'name' | 'links'>): NamespaceFiles {
  return {
    devices: [{file: 'ip-addr.txt', text: [LOOPBACK, ...devices.map(deviceText)].join('\n')}],
    routes: {file: 'ip-route.txt', text: [...routeTexts(4, devices), texts.routes ?? ''].join('\n')},
    routes6: {file: 'ip6-route.txt', text: [...routeTexts(6, devices), texts.routes6 ?? ''].join('\n')},
    listeners: {file: 'ss.txt', text: (texts.listens ?? []).flatMap(socketTexts).join('\n')},
    sysctls: {file: 'sysctl.txt', text: sysctls ?? 'net.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1'},
    rules: source('ip-rule.txt', texts.rules),
    rules6: source('ip6-rule.txt', texts.rules6),
    nft: source('nft-ruleset.txt', texts.nft),
    ipset: source('ipset-save.txt', texts.ipset),
    iptables: [source('iptables-save.txt', texts.iptables) ?? []].flat(),
    ip6tables: [source('ip6tables-save.txt', texts.ip6tables) ?? []].flat(),
  }
}

function source(file: string, text: string | undefined): {readonly file: string; readonly text: string} | undefined {
  return text === undefined ? undefined : {file, text}
}

const LOOPBACK = '1: lo: <LOOPBACK,UP>\n    inet 127.0.0.1/8 scope host lo\n    inet6 ::1/128 scope host'

function deviceText([name = '', index = '', addresses = '', peer = '', namespace = '', master]: Words): string {
  const owner = master === undefined ? '' : ` master ${master}`
  const own: ReadonlyMap<string, string> = new Map([
    ['bridge', `${index}: ${name}: <UP>\n    bridge forward_delay 1500`],
    ['tunnel', `${index}: ${name}: <UP> mtu 1450\n    geneve id 1001 remote ${namespace} dstport 6081`],
    ['vxlan', `${index}: ${name}: <UP> mtu 1450\n    vxlan id 1001 remote ${namespace} dstport 6081`],
  ])
  const end = own.get(peer) ?? `${index}: ${name}@if${peer}: <UP> mtu 1500${owner} link-netns ${namespace}`
  const lines = addressesOf(addresses).map((address) => `    inet${familyOf(address) === 6 ? '6' : ''} ${address} scope global ${name}`)
  return [end, ...lines].join('\n')
}

function addressesOf(text: string): readonly string[] {
  return text === '-' ? [] : text.split(',')
}

function routeTexts(family: Family, devices: readonly Words[]): readonly string[] {
  const loopback = family === 4 ? 'local 127.0.0.0/8 dev lo table local scope host src 127.0.0.1' : 'local ::1 dev lo table local metric 0'
  const own = devices.flatMap(([name = '', , addresses = '']) =>
    addressesOf(addresses)
      .filter((address) => familyOf(address) === family)
      .flatMap((address) => connected(address, {name, family})),
  )
  return [...own, loopback]
}

function connected(address: string, {name, family}: {readonly name: string; readonly family: Family}): readonly string[] {
  const [ip = ''] = address.split('/')
  const network = parsePrefix(address, family)
  const [local, near] = family === 4 ? [`scope host src ${ip}`, `scope link src ${ip}`] : ['metric 0', 'metric 256']
  return [`local ${ip} dev ${name} table local ${local}`, `${network === undefined ? '' : formatPrefix(network)} dev ${name} ${near}`]
}

function socketTexts(listens: number | SmallListener): readonly string[] {
  const {port, protocol = 'tcp'} = typeof listens === 'number' ? {port: listens} : listens
  const state = protocol === 'tcp' ? 'LISTEN' : 'UNCONN'
  return ['0.0.0.0', '[::]'].map((ip) => `${protocol} ${state} 0 16 ${ip}:${port} 0.0.0.0:*`)
}

/** What ss does not print. */
function optionsOf(listener: Listener, listens: readonly (number | SmallListener)[]): Partial<SmallListener> {
  const found = listens.find(
    (one) => typeof one === 'object' && one.port === listener.port && (one.protocol ?? 'tcp') === listener.protocol,
  )
  return typeof found === 'object' ? found : {}
}
