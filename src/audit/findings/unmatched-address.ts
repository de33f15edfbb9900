import {formatSocket, type SocketAddress} from '../../flow/address.js'
import type {Finding} from '../../flow/finding.js'
import type {EnvoyConfig} from '../../envoy/config/model.js'
import {fullName} from '../../mesh/directory.js'
import {evidenceOf, type Service, type ZtunnelConfig} from '../../ztunnel/config/model.js'
import {endsOf, placeText, type End} from './ends.js'
import type {Scene} from './scene.js'
import {serviceWaypoints} from './waypoints.js'

/**
 * A ztunnel sends an address of a service to its waypoint, and that was not told of the address (or of the port).
 * Source: ambient-ga D.3; istio pull request 57656.
 */
export function unmatchedAddress(scene: Scene): readonly Finding[] {
  const {ztunnel} = scene
  if (ztunnel === undefined || scene.trace.flow.clientKind !== 'ambient') return []
  return endsOf(scene, 'no-filter-chain').flatMap((end) => {
    const {entry} = end.hop.arrival
    const config = scene.envoyOf(end.hop.place)
    if (end.hop.place.kind !== 'waypoint' || entry.kind !== 'internal' || config === undefined) return []
    return atListener({end, listener: entry.listener, config, ztunnel, asked: scene.trace.flow.connection.destination})
  })
}

interface Unmatched {
  readonly end: Pick<End, 'hop'>
  readonly listener: string
  readonly config: EnvoyConfig
  readonly ztunnel: ZtunnelConfig
  readonly asked: SocketAddress
}

function atListener({end, listener, config, ztunnel, asked}: Unmatched): readonly Finding[] {
  const service = ztunnel.services.find(({vips}) => vips.some(({ip}) => ip === asked.ip))
  const resource = config.listener(listener)
  if (service === undefined || resource === undefined || serviceWaypoints(ztunnel, service).names.length === 0) return []
  const because = reasonOf({service, asked, matched: prefixesIn(resource.view.value)})
  if (because === undefined) return []
  return [
    {
      kind: 'address-not-matched',
      fault: true,
      text: `${listener} of ${placeText(end.hop.place)} matches no filter chain for ${formatSocket(asked)}, where ztunnel sends it for service ${fullName(service)}: ${because}`,
      evidence: [evidenceOf(ztunnel, service), {dump: config.dump, pointer: resource.view.pointer, basis: 'recorded'}],
    },
  ]
}

interface Matching {
  readonly service: Service
  readonly asked: SocketAddress
  readonly matched: ReadonlySet<string>
}

function reasonOf({service: {vips, ports}, asked, matched}: Matching): string | undefined {
  if (!ports.has(asked.port)) return `the service has no port ${asked.port}`
  if (matched.has(asked.ip)) return undefined
  const others = vips.map(({ip}) => ip).filter((ip) => matched.has(ip))
  return others.length === 0 ? 'the waypoint knows none of its addresses' : `the waypoint knows ${others.join(', ')} only`
}

/** Every `address_prefix` of a matcher, however deep. */
function prefixesIn(value: unknown): ReadonlySet<string> {
  const prefixes = new Set<string>()
  const pending = [value]
  for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
    if (typeof one !== 'object' || one === null) continue
    for (const [key, inner] of Object.entries(one)) {
      if (/^address_?prefix$/i.test(key) && typeof inner === 'string') prefixes.add(inner)
      if (inner !== null && inner !== undefined) pending.push(inner)
    }
  }
  return prefixes
}
