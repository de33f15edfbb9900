import type {NetworkNamespace} from '../config/namespace.js'
import {ztunnelChains} from './expected-rules.js'
import {finding, placesOf, type CaptureFinding} from './finding.js'
import {ipRuleFindings, ZTUNNEL_RULES} from './ip-rules.js'
import {ztunnelAddress} from './node-names.js'
import {partFindings} from './rules.js'
import {notPassingOn, strictFilters} from './settings.js'
import {tableFindings} from './tables.js'
import {deviceFindings, outerRoutes} from './tunnels.js'

const TABLES = [
  {table: '100', local: true},
  {table: '101', device: 'pistioout'},
  {table: '102', device: 'pistioin'},
  {table: 'main', device: 'eth0'},
] as const

const PORTS = [
  {port: 15_001, loss: 'what enrolled pods send is refused'},
  {port: 15_006, loss: 'what comes for enrolled pods without a tunnel is refused'},
  {port: 15_008, loss: 'tunnels to enrolled pods are refused'},
] as const

const ENDS = ['pistioin', 'pistioout'] as const

/** The ztunnel pod of 2022: its half of node capture. Source: envoy-2022 C.2. */
export function ztunnelPodFindings(pod: NetworkNamespace): readonly CaptureFinding[] {
  const ip = ztunnelAddress(pod)
  return [
    ...(ip === undefined || pod.packetRules[4].tables.length === 0 ? [] : partFindings(pod, ztunnelChains(ip))),
    ...ipRuleFindings(pod, ZTUNNEL_RULES),
    ...(pod.routing[4].routes.length === 0 ? [] : tableFindings(pod, TABLES)),
    ...deviceFindings(pod, [...ENDS, 'eth0']),
    ...outerRoutes(pod),
    ...strictFilters(pod, ENDS),
    ...notPassingOn(pod),
    ...PORTS.flatMap((one) => socket(pod, one)),
  ]
}

/** ztunnel listens on all addresses, or on that of its loopback device, to which TPROXY hands over. */
function socket(pod: NetworkNamespace, {port, loss}: (typeof PORTS)[number]): readonly CaptureFinding[] {
  if (pod.answersAll === true) return []
  const sockets = pod.listeners.filter((one) => one.port === port && one.protocol === 'tcp')
  if (sockets.some(({ip}) => ip === undefined || ip.startsWith('127.'))) return []
  const what = sockets.length === 0 ? `nothing listens on port ${port}: ${loss}` : `port ${port} listens on one address only: ${loss}`
  return [
    finding(pod.name, {
      kind: 'no-listener',
      what,
      evidence: placesOf(sockets[0]?.place),
      fix: 'Look at the log and the listeners of this ztunnel; restart the pod.',
    }),
  ]
}
