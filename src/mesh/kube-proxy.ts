import {COLLECT_INVENTORY} from './collect.js'
import {formatSocket, type SocketAddress} from '../flow/address.js'
import type {Answer} from '../flow/forwarder.js'
import {oneOf, type Share} from '../flow/share.js'
import type {Step} from '../flow/step.js'
import type {Verdict} from '../flow/verdict.js'
import type {Directory, MeshService} from './directory.js'

/** Where kube-proxy sends a connection. */
export type Translation =
  | {readonly kind: 'none'}
  | {readonly kind: 'endpoints'; readonly targets: readonly {readonly to: SocketAddress; readonly share: Share; readonly step: Step}[]}
  | {readonly kind: 'end'; readonly step: Step; readonly verdict: Verdict; readonly answer: Answer}

/**
 * What kube-proxy makes of an address: a virtual one becomes an endpoint chosen at random, any other stays.
 * Source: envoy-2022 C.3 walk 3, H.3.2. Assumed from the inventory, not read from the node's rules.
 */
export function translate(directory: Directory, to: SocketAddress): Translation {
  const service = directory.serviceAt(to.ip) ?? directory.externalServiceAt(to.ip)
  return service?.kubernetes !== true ? {kind: 'none'} : translateService(service, to)
}

/** Endpoints of a service port, or why there are none. */
export function translateService(service: MeshService, to: SocketAddress): Translation {
  const {endpoints} = service
  if (endpoints === undefined) return unknownEndpoints(service, to)
  if (!service.ports.some(({port, protocol}) => port === to.port && protocol === 'TCP')) return noSuchPort(service, to)
  const targets = endpoints.filter(({servicePort}) => servicePort === to.port).map(({ip, port}) => ({ip, port}))
  return targets.length === 0
    ? noEndpoint(service, to)
    : {
        kind: 'endpoints',
        targets: targets.map((target) => ({
          to: target,
          share: oneOf(targets.length),
          step: balanceStep(service, {to, effect: `${formatSocket(target)}, one of ${targets.length}`}),
        })),
      }
}

/** Whether a virtual address has no ready endpoint behind it. */
export function lacksEndpoints(directory: Directory, to: SocketAddress): boolean {
  const service = directory.serviceAt(to.ip)
  const isDeclared = service?.ports.some(({port, protocol}) => port === to.port && protocol === 'TCP') ?? false
  return isDeclared && service?.endpoints !== undefined && !service.endpoints.some(({servicePort}) => servicePort === to.port)
}

function unknownEndpoints(service: MeshService, to: SocketAddress): Translation {
  const missing = [{what: `endpoints of service ${service.host}`, collect: COLLECT_INVENTORY}]
  return {
    kind: 'end',
    step: balanceStep(service, {to, effect: 'not known'}),
    verdict: {kind: 'undetermined', missing},
    answer: {kind: 'unknown'},
  }
}

/** No rule translates the port, so the packets go to an address that nobody has. */
function noSuchPort(service: MeshService, to: SocketAddress): Translation {
  const reason = `${service.host} has no TCP port ${to.port}, and no machine has the virtual address ${to.ip}`
  return {
    kind: 'end',
    step: balanceStep(service, {to, effect: 'no rule for this port'}),
    verdict: {kind: 'dropped', reason},
    answer: {kind: 'timeout'},
  }
}

// envoy-2022 H.3.2: kube-proxy REJECTs a virtual address without endpoints (ECONNREFUSED).
function noEndpoint(service: MeshService, to: SocketAddress): Translation {
  const reason = `kube-proxy rejects ${formatSocket(to)}: ${service.host} has no ready endpoint for port ${to.port}`
  return {
    kind: 'end',
    step: balanceStep(service, {to, effect: 'rejected, no endpoint'}),
    verdict: {kind: 'no-healthy-upstream', reason},
    answer: {kind: 'closed', accepted: false},
  }
}

function balanceStep(service: MeshService, {to, effect}: {readonly to: SocketAddress; readonly effect: string}): Step {
  return {
    kind: 'load-balance',
    name: service.host,
    effect: `kube-proxy: ${effect}`,
    because: [`virtual address ${formatSocket(to)}`],
    evidence: [{...service.evidence, basis: 'assumed'}],
  }
}
