import {fraction} from '../../flow/share.js'
import {single, type Branch} from '../branch.js'
import {isIpv6} from '../config/ip.js'
import type {IpFamilies, Workload} from '../config/model.js'
import {noAddressResolved, noValidDestination} from './failure.js'
import type {OutboundFailure, OutboundUnknown} from './outcome.js'
import type {OutboundQuestion} from './question.js'

export interface IpRequest {
  readonly workload: Workload
  /** The address whose family is kept: what the client asked for, or a gateway given by address. */
  readonly reference: string
  readonly families: IpFamilies | undefined
}

/** An address, none because the workload is behind a network gateway, or why there is neither. */
export type PickedIp = {readonly kind: 'ip'; readonly ip: string | undefined} | OutboundFailure | OutboundUnknown

/** Which address of a workload is used (ambient-ga B.5). */
export function pickIp(question: OutboundQuestion, request: IpRequest): readonly Branch<PickedIp>[] {
  const {workload, reference, families} = request
  const {semantics} = question.state
  if (workload.ips.includes(reference)) return single({kind: 'ip', ip: reference})
  if (semantics.anyFamily && workload.ips.length > 0) return evenly(workload.ips)
  const allowed = workload.ips.filter((ip) => families === undefined || families === 'Dual' || isIpv6(ip) === (families === 'IPv6'))
  const ip = allowed.find((one) => isIpv6(one) === isIpv6(reference)) ?? allowed[0]
  if (ip !== undefined) return single({kind: 'ip', ip})
  if (workload.hostname !== '') return resolved(question, request)
  const behindGateway = semantics.crossNetwork && workload.networkGateway !== undefined
  return single(behindGateway ? {kind: 'ip', ip: undefined} : noValidDestination(workload, semantics))
}

/** ztunnel asks DNS at connect time and draws one address, of the wanted family if there is one (ambient-ga B.5). */
function resolved(question: OutboundQuestion, {workload, reference}: IpRequest): readonly Branch<PickedIp>[] {
  const answers = question.resolve(workload.hostname)
  if (answers === undefined) {
    const what = `the address ztunnel gets from DNS for "${workload.hostname}" when it connects`
    const missing = {what, collect: `resolve ${workload.hostname} with the resolver of the ztunnel pod`}
    return single({kind: 'unknown', missing, ifNothing: noAddressResolved(workload)})
  }
  const fitting = answers.filter((ip) => isIpv6(ip) === isIpv6(reference))
  const drawn = fitting.length > 0 ? fitting : answers
  return drawn.length === 0 ? single(noAddressResolved(workload)) : evenly(drawn)
}

function evenly(ips: readonly string[]): readonly Branch<PickedIp>[] {
  return ips.map((ip) => ({value: {kind: 'ip', ip}, share: fraction(1, ips.length), steps: []}))
}
