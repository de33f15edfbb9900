import type {Family} from './ip.js'
import type {NetworkNamespace} from './namespace.js'
import {sysctl} from './sysctl.js'

export interface DeviceSetting {
  readonly device: string
  readonly key: string
}

/** The greater of `all` and the device: how rp_filter, accept_local, route_localnet and src_valid_mark count (IN_DEV_MAXCONF, IN_DEV_ORCONF). */
export function strongest({sysctls}: NetworkNamespace, {device, key}: DeviceSetting): number {
  const values = ['all', device].map((name) => sysctl(sysctls, `net.ipv4.conf.${name}.${key}`) ?? 0)
  return Math.max(...values)
}

/** Whether packets that arrive on the device may be passed on. What was not recorded falls back to the switch for all devices. */
export function forwards(namespace: NetworkNamespace, {family, device}: {readonly family: Family; readonly device: string}): boolean {
  const {sysctls} = namespace
  if (family === 6) return (sysctl(sysctls, 'net.ipv6.conf.all.forwarding') ?? 0) > 0
  const own = sysctl(sysctls, `net.ipv4.conf.${device}.forwarding`)
  return (own ?? sysctl(sysctls, 'net.ipv4.ip_forward') ?? 0) > 0
}

interface Answered {
  readonly family: Family
  /** Of the packet that is answered. */
  readonly mark: number
}

/** The mark of what the kernel answers without a socket: a RST, an error, an echo (IP4_REPLY_MARK, IP6_REPLY_MARK). */
export function replyMark({sysctls}: NetworkNamespace, {family, mark}: Answered): number {
  return sysctl(sysctls, `net.ipv${family}.fwmark_reflect`) === 1 ? mark : 0
}

/** The mark of what a listening socket accepts: its own, or with tcp_fwmark_accept that of the SYN (inet_request_mark). */
export function acceptedMark({sysctls}: NetworkNamespace, {own, mark}: {readonly own: number; readonly mark: number}): number {
  return own === 0 && sysctl(sysctls, 'net.ipv4.tcp_fwmark_accept') === 1 ? mark : own
}
