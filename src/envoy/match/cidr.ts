import {isIP} from 'node:net'
import ipaddr from 'ipaddr.js'
import {tri, type Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {inRange, parseRange} from './ip.js'

/**
 * An envoy.config.core.v3.CidrRange against an address. Families never match each other; a v4-mapped IPv6 address counts as IPv4.
 * What is no IP (an internal address) is in no range; a range that is no CIDR is `undetermined`. Source: envoy-2022 D7.
 */
export function matchCidr({range, ip}: {readonly range: View; readonly ip: string | undefined}): Tri {
  const parsed = parseRange({prefix: range.str('address_prefix') ?? '', length: range.num('prefix_len') ?? 0})
  if (parsed === undefined) return 'undetermined'
  return ip === undefined || isIP(ip) === 0 ? 'no' : tri(inRange(unmappedBytes(ip), parsed))
}

function unmappedBytes(ip: string): readonly number[] {
  const [address = ip] = ip.split('%')
  return ipaddr.process(address).toByteArray()
}
