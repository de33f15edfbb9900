import type {SocketAddress} from '../../flow/address.js'
import type {Ip} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {routeOutput} from '../route/output.js'
import {sourceWithoutRoute} from '../route/source-address.js'
import type {Run} from './run.js'

interface Unbound {
  readonly attempt: {readonly protocol: 'tcp' | 'udp' | 'icmp'; readonly destination: SocketAddress; readonly mark: number}
  readonly namespace: NetworkNamespace
  readonly destination: Ip
}

export type ChosenSource = {readonly ip: string} | {readonly error: string}

/** The address the kernel gives a socket that is not bound, or the errno of connect(). */
export function chooseSource(run: Run, {attempt, namespace, destination}: Unbound): ChosenSource {
  const {
    mark,
    protocol,
    destination: {port},
  } = attempt
  const answer = routeOutput(namespace, {destination, mark, protocol, ...(protocol === 'icmp' ? {} : {destinationPort: port})})
  if (answer.kind === 'undetermined') run.doubts.push(answer.why)
  if (answer.kind === 'refused') return secondChoice(namespace, {destination, error: answer.error})
  const ip = answer.kind === 'route' ? answer.source : undefined
  return ip === undefined ? {error: 'EADDRNOTAVAIL'} : {ip}
}

/** IPv6 asks once more, with a source: rules may ask for it. */
function secondChoice(namespace: NetworkNamespace, {destination, error}: {readonly destination: Ip; readonly error: string}): ChosenSource {
  const ip = destination.family === 6 ? sourceWithoutRoute(namespace, {destination}) : undefined
  return ip === undefined ? {error} : {ip}
}
