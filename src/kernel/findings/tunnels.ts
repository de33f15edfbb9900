import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'
import type {Device} from '../config/model.js'
import {isTo} from './node-names.js'
import {finding, placesOf, REWRITE, type CaptureFinding} from './finding.js'
import type {NodeNames} from './expected-rules.js'

/** Devices that capture needs, and that are down or gone: their routes went with them. */
export function deviceFindings(namespace: NetworkNamespace, names: readonly string[]): readonly CaptureFinding[] {
  if (namespace.devices.length === 0) return []
  return names.flatMap((name) => {
    const device = deviceNamed(namespace, name)
    if (device?.up === true) return []
    const what = `the device ${name} is ${device === undefined ? 'not there' : 'down'}: the kernel takes the routes over it away`
    return [finding(namespace.name, {kind: 'table-broken', what, evidence: placesOf(device?.place), fix: REWRITE})]
  })
}

interface Ends {
  readonly names: NodeNames | undefined
  readonly ztunnel: NetworkNamespace | undefined
}

/** envoy-2022 C.1: both ends of a tunnel have one number, and the node's leads to the ztunnel pod. */
export function tunnelFindings(node: NetworkNamespace, {names, ztunnel}: Ends): readonly CaptureFinding[] {
  return ['istioin', 'istioout'].flatMap((name) => {
    const near = deviceNamed(node, name)
    const far = ztunnel === undefined ? undefined : deviceNamed(ztunnel, `p${name}`)
    return near === undefined ? [] : tunnelProblem(near, {far, names}).map((what) => tunnelFinding(node, {near, what}))
  })
}

function tunnelFinding(node: NetworkNamespace, {near, what}: {readonly near: Device; readonly what: string}): CaptureFinding {
  return finding(node.name, {kind: 'table-broken', what: `the tunnel ${near.name} ${what}`, evidence: placesOf(near.place), fix: REWRITE})
}

function tunnelProblem(
  {attachment}: Device,
  {far, names}: {readonly far: Device | undefined; readonly names: NodeNames | undefined},
): readonly string[] {
  if (attachment.kind !== 'tunnel') return []
  const {id, remote, port} = attachment
  if (names !== undefined && remote !== undefined && remote !== names.ip) {
    return [`leads to ${remote}, not to the ztunnel pod, ${names.ip}`]
  }
  if (far?.attachment.kind !== 'tunnel') return []
  const other = far.attachment
  if (other.id !== id) return [`has number ${id}, its other end ${other.id}`]
  return other.port === port ? [] : [`uses port ${port}, its other end ${other.port}`]
}

/** H.3.1: replies carry the marks of these tables on the outer packet, so that each must know the other end of its tunnel. */
export function outerRoutes(pod: NetworkNamespace): readonly CaptureFinding[] {
  return [
    {table: '101', name: 'pistioout'},
    {table: '102', name: 'pistioin'},
  ].flatMap(({table, name}) => {
    const attachment = deviceNamed(pod, name)?.attachment
    const remote = attachment?.kind === 'tunnel' ? attachment.remote : undefined
    const own = pod.routing[4].routes.filter((route) => route.table === table)
    if (remote === undefined || own.some((route) => isTo(route, remote))) return []
    const what = `table ${table} has no route to ${remote}, the other end of ${name}: answers are sent into the tunnel round and round`
    return [finding(pod.name, {kind: 'table-broken', what, evidence: placesOf(own[0]?.place), fix: RESTART})]
  })
}

const RESTART = 'Restart the ztunnel pod: its init container makes devices, rules and routes anew.'
