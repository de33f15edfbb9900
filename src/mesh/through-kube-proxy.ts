import type {SocketAddress} from '../flow/address.js'
import type {Exit, Forwarding} from '../flow/forwarder.js'
import {multiplyShares} from '../flow/share.js'
import {captureStep, type Crossing} from './crossing.js'
import {departExit, routed, stopExit} from './forwardings.js'
import {translate} from './kube-proxy.js'

/** A connection that no mesh rule takes. */
export interface Untaken {
  readonly because: readonly string[]
  /** What happens to it at its final address. */
  readonly deliver: (to: SocketAddress) => Forwarding
}

/** kube-proxy translates a virtual address first; what it leads to is decided per endpoint. */
export function throughKubeProxy(crossing: Crossing, {because, deliver}: Untaken): Forwarding {
  const translation = translate(crossing.directory, crossing.to)
  switch (translation.kind) {
    case 'none':
      return deliver(crossing.to)
    case 'end':
      return {steps: [captureStep(crossing, {how: 'not captured', because}), translation.step], exits: [stopExit(translation)]}
    case 'endpoints':
      return {
        steps: [],
        exits: translation.targets.flatMap(({to, share, step}) => {
          const {steps, exits} = deliver(to)
          return exits.map((exit): Exit => ({...exit, share: multiplyShares(share, exit.share), steps: [step, ...steps, ...exit.steps]}))
        }),
      }
    default:
      return translation satisfies never
  }
}

export function passOn(crossing: Crossing, because: readonly string[]): Forwarding {
  return {steps: [captureStep(crossing, {how: 'not captured', because})], exits: [departExit(routed(crossing.arrival, {to: crossing.to}))]}
}
