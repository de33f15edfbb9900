import type {Semantics} from '../semantics.js'

/** Whether the proxy is known to be of this version or later. */
export function isFrom({version}: Pick<Semantics, 'version'>, {major, minor}: {readonly major: number; readonly minor: number}): boolean {
  return version !== undefined && (version.major > major || (version.major === major && version.minor >= minor))
}
