import type {Payload} from '../../flow/connection.js'
import type {Hop} from '../../flow/trace.js'
import type {MeshService} from '../../mesh/directory.js'
import type {Service, ZtunnelConfig} from '../../ztunnel/config/model.js'
import {hopsAt, type Scene} from './scene.js'
import {knownService} from './waypoints.js'

/** The service that the client dialled, and what ztunnel knows of it. */
export interface KnownDestination {
  readonly ztunnel: ZtunnelConfig
  readonly service: MeshService
  readonly known: Service
}

export function knownDestination({ztunnel, destination: {service}}: Scene): KnownDestination | undefined {
  const known = ztunnel === undefined || service === undefined ? undefined : knownService(ztunnel, service)
  return ztunnel === undefined || service === undefined || known === undefined ? undefined : {ztunnel, service, known}
}

/**
 * Services that the traffic is for where proxies choose by service: what waypoints are asked for, else what gateways route to, else
 * what the client dialled. None where everything goes to addresses of pods.
 * Source: ambient-ga D.3, D.8.
 */
export function dialledServices(scene: Scene): readonly MeshService[] {
  const asked = hopsAt(scene, 'waypoint').filter(({arrival}) => arrival.entry.kind === 'socket')
  if (asked.length > 0) return unique(asked.flatMap((hop) => askedService(scene, hop) ?? []))
  const routed = unique(hopsAt(scene, 'gateway').flatMap((hop) => servicesBehind(scene, hop)))
  if (routed.length > 0) return routed
  return scene.destination.service === undefined ? [] : [scene.destination.service]
}

/** istiod names a cluster `outbound|PORT|SUBSET|HOST` (ambient-ga D.4). */
export function servicesBehind({directory}: Scene, {steps, next}: Hop): readonly MeshService[] {
  const all = [...steps, ...next.flatMap((branch) => branch.steps)]
  const hosts = new Set(all.flatMap((step) => (step.kind === 'cluster' ? (/^outbound\|\d+\|[^|]*\|(.+)$/.exec(step.name)?.[1] ?? []) : [])))
  return directory.services.filter(({host}) => hosts.has(host))
}

/** The authority of the tunnel is what the service was dialled by: an address, or its host name across networks (ambient-ga B.2, B.6). */
function askedService({directory}: Scene, {arrival}: Hop): MeshService | undefined {
  const authority = authorityOf(arrival.payload)
  const host = authority?.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  if (host === undefined) return undefined
  return directory.serviceAt(host) ?? directory.services.find((service) => service.host === host)
}

/** Of the outermost CONNECT. */
function authorityOf(payload: Payload): string | undefined {
  switch (payload.kind) {
    case 'http':
      return payload.request.method === 'CONNECT' ? payload.request.authority : undefined
    case 'tls':
    case 'proxy-protocol':
      return authorityOf(payload.payload)
    default:
      return undefined
  }
}

function unique(services: readonly MeshService[]): readonly MeshService[] {
  return [...new Map(services.map((service) => [`${service.namespace}/${service.host}`, service])).values()]
}
