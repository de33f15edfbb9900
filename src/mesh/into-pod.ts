import {unknownCapture, type Crossing} from './crossing.js'
import type {Enrolment} from './directory.js'
import type {Forwarding} from '../flow/forwarder.js'
import {passOn} from './through-kube-proxy.js'

/** How capture takes what reaches a captured pod of the node. */
export type Inbound = (crossing: Crossing, known: {readonly enrolment: Enrolment; readonly because: readonly string[]}) => Forwarding

interface Reaching {
  readonly because: readonly string[]
  readonly inbound: Inbound
}

/** A connection at its final address: capture takes it where a captured pod of this node has the address. */
export function intoPod(crossing: Crossing, {because, inbound}: Reaching): Forwarding {
  const {directory, enrolmentOf, node, to} = crossing
  const target = directory.podAt(to.ip)
  if (target === undefined || target.node !== node) return passOn(crossing, because)
  const recorded = crossing.into?.(target, crossing)
  if (recorded !== undefined) return recorded
  const enrolment = enrolmentOf(target)
  switch (enrolment.captured) {
    case 'yes':
      return inbound(crossing, {enrolment, because: [...because, `target captured: ${enrolment.because}`]})
    case 'no':
      return passOn(crossing, [...because, `target not captured: ${enrolment.because}`])
    case 'undetermined':
      return unknownCapture(crossing, {workload: target, because: enrolment.because})
    default:
      return enrolment.captured satisfies never
  }
}
