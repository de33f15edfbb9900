import {canonicalIp, parseIp} from './ip.js'
import type {PortRange} from './model.js'

export interface NatAddress {
  readonly ip?: string
  /** The end of a range of addresses. */
  readonly lastIp?: string
  readonly ports?: PortRange
}

const NAT_ADDRESS = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:[\]]*)|(?<bare>[0-9a-f:.-]+))(?::(?<ports>\d{1,5}(?:-\d{1,5})?))?$/i

/** `10.0.0.1`, `10.0.0.1-10.0.0.9:80`, `:80`, `[fd00::1]:80-90`, `[fd00::1]-[fd00::9]:80` of nft. Undefined: it cannot be read, or the range is too long to follow. */
export function natAddress(text = '-'): NatAddress | undefined {
  const {six, four, bare, ports} = NAT_ADDRESS.exec(text.replace(']-[', '-'))?.groups ?? {}
  const range = six ?? four ?? bare
  if (range === '') return portsOf(ports)
  const addresses = rangeOf(range ?? '-')
  return addresses === undefined ? undefined : {...addresses, ...portsOf(ports)}
}

function rangeOf(text: string): Omit<NatAddress, 'ports'> | undefined {
  const [ip = '', last = ip, ...rest] = text.split('-')
  const [from, to] = [parseIp(ip), parseIp(last)]
  if (from === undefined || to?.family !== from.family || rest.length > 0 || !isShort(to.value - from.value)) return undefined
  return {ip: canonicalIp(ip), ...(to.value === from.value ? {} : {lastIp: canonicalIp(last)})}
}

const LONGEST_RANGE = 16n

function isShort(more: bigint): boolean {
  return more >= 0n && more < LONGEST_RANGE
}

/** What is chosen at random is followed for each of a few ports. */
export function isFewPorts(ports: PortRange | undefined): boolean {
  return ports === undefined || isShort(BigInt(ports.to - ports.from))
}

export function portsOf(text: string | undefined): {readonly ports?: PortRange} {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '')
  return match === null ? {} : {ports: {from: Number(match[1]), to: Number(match[2] ?? match[1])}}
}
