import type {NetworkNamespace} from '../config/namespace.js'

/** All addresses of a namespace's devices, as they are printed. */
export function nodeAddresses({devices}: NetworkNamespace): ReadonlySet<string> {
  return new Set(devices.flatMap(({addresses}) => addresses.map(({ip}) => ip)))
}
