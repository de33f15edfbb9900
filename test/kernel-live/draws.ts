import fc from 'fast-check'
import type {Family} from '../../src/kernel/config/ip.js'
import type {LabAttempt, LabListener, LabScenario, Loader, NamespaceState} from './lab-scenario.js'

/** A state whose rules draw, and the datagram that is sent many times. */
export interface DrawScenario {
  readonly scenario: LabScenario
  readonly attempt: LabAttempt
}

const BACKENDS = [53, 80, 15_001, 15_006] as const
const VIRTUAL: Readonly<Record<Family, string>> = {4: '10.96.0.10', 6: 'fd96::10'}
const POD: Readonly<Record<Family, string>> = {4: '10.2.0.2', 6: 'fd02::2'}

interface Draw {
  readonly family: Family
  readonly loader: Loader
  /** Backends of a service, chosen as kube-proxy does: 1/n, then 1/(n-1), down to the last. */
  readonly backends: number
  readonly mode: 'random' | 'nth'
  /** Whether the client or the node chooses. */
  readonly at: 'client' | 'node'
  /** One of so many datagrams is lost on the way into the pod. */
  readonly loss: number
}

export const drawScenario: fc.Arbitrary<DrawScenario> = fc
  .record<Draw>({
    family: fc.constantFrom(4, 6),
    loader: fc.constantFrom('iptables-legacy', 'iptables-nft', 'nft'),
    backends: fc.integer({min: 2, max: 4}),
    mode: fc.constantFrom('random', 'nth'),
    at: fc.constantFrom('client', 'node'),
    loss: fc.constantFrom(2, 3, 4, 10),
  })
  .map(scenarioOf)

function scenarioOf(draw: Draw): DrawScenario {
  const {family, at} = draw
  const chooses = stateOf(draw.loader, draw.loader === 'nft' ? nftService(draw) : service(draw))
  const loses = stateOf('iptables-legacy', `*filter\n-A INPUT -p udp ${random(draw.loss)} -j DROP\nCOMMIT\n`)
  const plain = stateOf('iptables-legacy', '')
  return {
    attempt: {
      role: 'client',
      protocol: 'udp',
      destination: {ip: VIRTUAL[family], port: 53},
      mark: 0,
      transparent: false,
      user: 0,
      group: 0,
    },
    scenario: {
      family,
      layout: 'links',
      namespaces: {client: at === 'client' ? chooses : plain, node: at === 'node' ? chooses : plain, pod: loses},
      listeners: BACKENDS.map(
        (port): LabListener => ({role: 'pod', protocol: 'udp', ip: family === 4 ? '0.0.0.0' : '::', port, mark: 0, transparent: false}),
      ),
      attempts: [],
    },
  }
}

function stateOf(loader: Loader, rules: string): NamespaceState {
  return {loader, rules, sets: '', routes: [], policies: [], sysctls: ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']}
}

function random(every: number): string {
  return `-m statistic --mode random --probability ${(1 / every).toFixed(10)}`
}

/** `left` backends are still to choose from. */
function condition({mode}: Draw, left: number): string {
  if (left === 1) return ''
  return mode === 'random' ? random(left) : `-m statistic --mode nth --every ${left} --packet 0`
}

function target({family}: Draw, port: number): string {
  return family === 4 ? `${POD[4]}:${port}` : `[${POD[6]}]:${port}`
}

function service(draw: Draw): string {
  const ports = BACKENDS.slice(0, draw.backends)
  return [
    '*nat',
    ':SERVICE - [0:0]',
    ...ports.map((port) => `:BACKEND-${port} - [0:0]`),
    `-A ${draw.at === 'client' ? 'OUTPUT' : 'PREROUTING'} -d ${VIRTUAL[draw.family]} -p udp -j SERVICE`,
    ...ports.map((port, index) => `-A SERVICE ${condition(draw, ports.length - index)} -j BACKEND-${port}`),
    ...ports.map((port) => `-A BACKEND-${port} -p udp -j DNAT --to-destination ${target(draw, port)}`),
    'COMMIT\n',
  ].join('\n')
}

function nftService(draw: Draw): string {
  const ports = BACKENDS.slice(0, draw.backends)
  const ip = draw.family === 4 ? 'ip' : 'ip6'
  const chosen = (left: number): string => {
    if (left === 1) return ''
    return draw.mode === 'random' ? `meta random & 2147483647 < ${Math.round(2 ** 31 / left)}` : `numgen inc mod ${left} 0`
  }
  return `table inet service {
${ports.map((port) => `chain backend-${port} {\nmeta l4proto udp counter dnat ${ip} to ${target(draw, port)}\n}`).join('\n')}
chain service {
${ports.map((port, index) => `${chosen(ports.length - index)} counter goto backend-${port}`).join('\n')}
}
chain base {
type nat hook ${draw.at === 'client' ? 'output' : 'prerouting'} priority -100;
${ip} daddr ${VIRTUAL[draw.family]} meta l4proto udp counter jump service
}
}
`
}
