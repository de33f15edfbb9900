import type {SocketAddress} from '../flow/address.js'
import type {Condition, Exit, Forwarder, Place} from '../flow/forwarder.js'
import type {Step} from '../flow/step.js'
import type {MeshService} from './directory.js'
import {departExit, routed, stopExit} from './forwardings.js'
import {translateService} from './kube-proxy.js'

export interface Balancer {
  readonly place: Place
  readonly service: MeshService
  readonly to: SocketAddress
}

/** A load balancer in front of a service: what other networks reach is its address, and it leads to the service's pods. */
export function createBalancer({place, service, to}: Balancer): Forwarder {
  const translation = translateService(service, to)
  const found: Step = {
    kind: 'gateway',
    name: `${service.namespace}/${service.name}`,
    effect: `${to.ip} is an address of its load balancer`,
    because: place.cluster === undefined ? [] : [`cluster ${place.cluster}`],
    evidence: [service.evidence],
  }
  return {
    place,
    forward: (arrival) => {
      if (translation.kind === 'none') return {steps: [found], exits: []}
      if (translation.kind === 'end') return {steps: [found, translation.step], exits: [stopExit(translation)]}
      const exits = translation.targets.map(
        (target): Exit => departExit(routed(arrival, {to: target.to}), {share: target.share, steps: [target.step]}),
      )
      return {steps: [found], exits}
    },
  }
}

export interface Border {
  readonly place: Place
  readonly to: SocketAddress
  /** Absent where both clusters are known to share a network. */
  readonly condition?: Condition
}

/** Between clusters whose pods can reach each other by address. */
export function createBorder({place, to, condition}: Border): Forwarder {
  return {
    place,
    forward: (arrival) => ({
      steps: [],
      exits: [departExit(routed(arrival, {to}), {requires: condition === undefined ? [] : [condition]})],
    }),
  }
}
