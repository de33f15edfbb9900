/** What an RFC 6901 pointer leads to; undefined where it leads nowhere. */
export function resolvePointer(document: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(
      (value: unknown, token) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, token)
          ? Object.entries(value).find(([key]) => key === token)?.[1]
          : undefined,
      document,
    )
}
