import {canonicalIp, familyOf, isLinkLocal, parseIp, type Family} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'

/** All addresses of a namespace's devices, as they are printed. */
export function nodeAddresses({devices}: NetworkNamespace): ReadonlySet<string> {
  return new Set(devices.flatMap(({addresses}) => addresses.map(({ip}) => ip)))
}

/** The first address of a pod by which others reach it. */
export function podAddress({devices}: NetworkNamespace, family: Family): string | undefined {
  const all = devices.filter(({attachment}) => attachment.kind !== 'loopback').flatMap(({addresses}) => addresses.map(({ip}) => ip))
  const own = all.find((ip) => {
    const parsed = parseIp(ip)
    return parsed !== undefined && familyOf(ip) === family && !isLinkLocal(parsed)
  })
  return own === undefined ? undefined : canonicalIp(own)
}
