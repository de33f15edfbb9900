/** Where the port of an authority starts (at its colon); -1 without one. Brackets protect the colons of IPv6. Source: header_utility.cc getPortStart. */
export function portStart(authority: string): number {
  const colon = authority.lastIndexOf(':')
  return authority.lastIndexOf(']') > colon ? -1 : colon
}

export function withoutPort(authority: string): string {
  const start = portStart(authority)
  return start < 0 ? authority : authority.slice(0, start)
}
