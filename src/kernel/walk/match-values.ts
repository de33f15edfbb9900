import {contains, parseIp, type Prefix} from '../config/ip.js'
import type {PortRange} from '../config/model.js'

export function covers(prefix: Prefix, ip: string): boolean {
  const parsed = parseIp(ip)
  return parsed !== undefined && contains(prefix, parsed)
}

export function inRanges(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({from, to}) => port >= from && port <= to)
}
