import {parse} from 'yaml'
import type {HopEnd, HopPod, NetworkPlugin, Policy} from '../../../src/kernel/network-policy/model.js'
import {readNetworkPolicies} from '../../../src/kernel/network-policy/read.js'

export function pod(name: string, more: Partial<HopPod> = {}): HopPod {
  const [namespace = '', app = ''] = name.split('/')
  return {
    name: app,
    namespace,
    labels: new Map([['app', app]]),
    namespaceLabels: new Map([['team', namespace]]),
    containerPorts: [],
    ...more,
  }
}

export const CLIENT: HopEnd = {ip: '10.0.0.1', pod: pod('shop/client'), plugin: plugin()}
export const SERVER: HopEnd = {
  ip: '10.0.0.2',
  pod: pod('shop/server', {
    node: 'n1',
    containerPorts: [
      {name: 'web', port: 8080, protocol: 'TCP'},
      {name: 'web', port: 53, protocol: 'UDP'},
    ],
  }),
  plugin: plugin(),
}
export const STRANGER: HopEnd = {ip: '192.0.2.7'}
export const OTHER_TEAM: HopEnd = {ip: '10.0.0.3', pod: pod('bank/client')}

/** Policy on the server, ingress unless said otherwise. */
export function ingress(spec: string): string {
  return `podSelector: {matchLabels: {app: server}}\npolicyTypes: [Ingress]\n${spec}`
}

export function egress(spec: string): string {
  return `podSelector: {matchLabels: {app: client}}\npolicyTypes: [Egress]\n${spec}`
}

/** What most network plugins do, as far as they agree. */
export function plugin(more: Partial<NetworkPlugin> = {}): NetworkPlugin {
  return {enforces: true, blocksMeanPods: 'yes', knowsProbes: 'undetermined', ...more}
}

/** NetworkPolicies p0, p1, … of the namespace shop. */
export function policies(...specs: readonly string[]): readonly Policy[] {
  return readNetworkPolicies(specs.map((spec, index) => ({value: policy(spec, index), place: {file: 'p.yaml', line: index + 1}})))
}

export function policy(spec: string, index = 0): unknown {
  return {apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: {name: `p${index}`, namespace: 'shop'}, spec: parsed(spec)}
}

export function parsed(text: string): unknown {
  return parse(text)
}
