import {isIP} from 'node:net'
import {canonicalIp} from '../match/ip.js'

/** An address found in X-Forwarded-For. `alone`: it was the only one. */
export interface ForwardedAddress {
  readonly ip: string
  readonly alone: boolean
}

/** The last address before the `skipped` last ones. Source: Envoy http/utility.cc getLastAddressFromXFF. */
export function lastAddress(forwarded: string | undefined, skipped: number): ForwardedAddress | undefined {
  if (forwarded === undefined) return undefined
  let rest = forwarded
  for (let index = 0; index < skipped; index += 1) {
    const comma = rest.lastIndexOf(',')
    if (comma < 0) return undefined
    rest = rest.slice(0, comma)
  }
  const comma = rest.lastIndexOf(',')
  // A comma at the very end separates nothing: the text is no address.
  const ip = address(comma >= 0 && comma + 1 < rest.length ? rest.slice(comma + 1) : rest)
  return ip === undefined ? undefined : {ip, alone: comma < 0 && skipped === 0}
}

/**
 * From the end, the first address that is no trusted proxy; else the very first. What is no address, and be it nothing between two commas,
 * ends the search with none (seen on Envoy 1.40.0). Source: getLastNonTrustedAddressFromXFF.
 */
export function lastUntrusted(forwarded: string | undefined, isTrusted: (ip: string) => boolean): ForwardedAddress | undefined {
  const entries = (forwarded ?? '').split(',')
  let last: string | undefined
  for (const entry of entries.toReversed()) {
    last = address(entry)
    if (last === undefined || !isTrusted(last)) break
  }
  return last === undefined ? undefined : {ip: last, alone: entries.length === 1}
}

function address(text: string): string | undefined {
  const trimmed = text.trim()
  return isIP(trimmed) === 0 ? undefined : canonicalIp(trimmed)
}
