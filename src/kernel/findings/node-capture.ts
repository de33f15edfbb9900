import {formatPrefix} from '../config/ip.js'
import type {Route, RoutingRule} from '../config/model.js'
import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'
import {finding, type CaptureFinding, type EnrolledPod} from './finding.js'

const SET = 'ztunnel-pods-ips'

/** Node capture of 2022. Source: envoy-2022 C.1, H.3.11. */
export function nodeCaptureFindings(node: NetworkNamespace, enrolled: readonly EnrolledPod[]): readonly CaptureFinding[] {
  return [...setMembers(node, enrolled), ...ipRules(node), ...tables(node)]
}

/** envoy-2022 C.1: table 100 has one route per enrolled pod; its address must also be in the set. */
function setMembers(node: NetworkNamespace, enrolled: readonly EnrolledPod[]): readonly CaptureFinding[] {
  const set = node.sets.get(SET)
  if (set === undefined) {
    return [finding(node.name, {kind: 'pod-not-in-set', severity: 'unsure', what: `set ${SET} was not recorded, or is missing`})]
  }
  const members = new Set(set.members.map(({text}) => text))
  const routed = inboundRoutes(node).map((route) => ({
    ip: formatPrefix(route.destination),
    name: `route to ${formatPrefix(route.destination)}`,
    route,
  }))
  const pods = enrolled.flatMap(({name, ips}) => ips.filter((ip) => !ip.includes(':')).map((ip) => ({ip, name: `pod ${name}`})))
  const missing = new Map([...routed, ...pods].filter(({ip}) => !members.has(ip)).map(({ip, name}) => [ip, name] as const))
  return [...missing].map(([ip, name]) => {
    const place = routed.find((one) => one.ip === ip)?.route.place
    const what = `set ${SET} lacks ${ip} (${name}): what it sends is not captured`
    return finding(node.name, {kind: 'pod-not-in-set', address: ip, what, evidence: place === undefined ? [] : [place]})
  })
}

function inboundRoutes({routing}: NetworkNamespace): readonly Route[] {
  return routing[4].routes.filter(
    ({table, destination}) => table === '100' && destination.length === 32 && !leadsToZtunnel(destination, routing[4].routes),
  )
}

/** The ztunnel pod itself is in tables 101 and 102 too. */
function leadsToZtunnel({value}: Route['destination'], routes: readonly Route[]): boolean {
  return routes.some(({table, destination}) => table === '101' && destination.length === 32 && destination.value === value)
}

interface Expected {
  readonly what: string
  readonly is: (rule: RoutingRule) => boolean
}

/** In the order they must be asked. */
const RULES: readonly Expected[] = [
  {what: 'fwmark 0x200/0x200 goto 32766', is: ({mark, action}) => mark?.value === 0x200 && action.kind === 'goto'},
  {what: 'fwmark 0x100/0x100 lookup 101', is: (rule) => rule.mark?.value === 0x100 && asks(rule, '101')},
  {what: 'fwmark 0x40/0x40 lookup 102', is: (rule) => rule.mark?.value === 0x40 && asks(rule, '102')},
  {what: 'lookup 100', is: (rule) => rule.mark === undefined && asks(rule, '100')},
]

function asks({action}: RoutingRule, table: string): boolean {
  return action.kind === 'lookup' && action.table === table
}

function ipRules(node: NetworkNamespace): readonly CaptureFinding[] {
  const {rules} = node.routing[4]
  if (rules.every(({place}) => place === undefined)) return []
  const found = RULES.map(({what, is}) => ({what, rule: rules.find(is)}))
  const missing = found.filter(({rule}) => rule === undefined)
  const present = found.flatMap(({what, rule}) => (rule === undefined ? [] : [{what, rule}]))
  const late = present.filter(({rule}, at) => present.slice(at + 1).some((later) => later.rule.priority < rule.priority))
  return [
    ...missing.map(({what}) => finding(node.name, {kind: 'rule-missing', what: `the ip rule ${what} is missing`})),
    ...late.map(({what, rule}) =>
      finding(node.name, {
        kind: 'rule-order',
        what: `the ip rule ${what} comes too late`,
        evidence: rule.place === undefined ? [] : [rule.place],
      }),
    ),
  ]
}

function tables(node: NetworkNamespace): readonly CaptureFinding[] {
  const {routes} = node.routing[4]
  const withoutDefault = ['101', '102'].filter((table) => !routes.some((route) => route.table === table && route.destination.length === 0))
  const own = routes.filter(({table}) => table === '100' || table === '101' || table === '102')
  const broken = own.flatMap((route) => route.nextHops.flatMap(({device = ''}) => deviceProblem(node, device)).map((why) => ({route, why})))
  return [
    ...withoutDefault.map((table) => finding(node.name, {kind: 'table-broken', what: `table ${table} has no default route`})),
    ...broken.map(({route, why}) =>
      finding(node.name, {
        kind: 'table-broken',
        what: `the route to ${formatPrefix(route.destination)} in table ${route.table} leads to ${why}`,
        evidence: route.place === undefined ? [] : [route.place],
      }),
    ),
  ]
}

function deviceProblem(node: NetworkNamespace, name: string): readonly string[] {
  const device = deviceNamed(node, name)
  if (device === undefined) return node.devices.length === 0 ? [] : [`device ${name}, which is not there`]
  return device.up ? [] : [`device ${name}, which is down`]
}
