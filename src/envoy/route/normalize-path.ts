/**
 * Path canonicalisation as Envoy does it with Chromium's URL library, on the path without its query.
 * Source: path_utility.cc and url_canon_path.cc; recordings matchers-http-actions.
 */

/** Dot segments resolved, `\` turned to `/`, unreserved characters decoded; undefined when the path holds a NUL, raw or encoded. */
export function canonicalPath(path: string): string | undefined {
  if (path.includes('\u0000') || path.includes('%00')) return undefined
  const [first, ...others] = path.replaceAll('\\', '/').split('/')
  const segments = first === '' ? others : [first ?? '', ...others]
  return `/${resolveDots(segments).map(canonicalSegment).join('/')}`
}

/** Runs of slashes become one. */
export function mergeSlashes(path: string): string {
  return path.replaceAll(/\/{2,}/g, '/')
}

/** `%2F` and `%5C` decoded. */
export function unescapeSlashes(path: string): string {
  return path.replaceAll(/%2f/gi, '/').replaceAll(/%5c/gi, '\\')
}

/** Whether a segment is `.` or `..` followed by parameters, like `..;a=b`. */
export function hasDotSegmentParameters(path: string): boolean {
  return path.split('/').some((segment) => /^\.{1,2};/.test(segment))
}

/** Dot segments without their parameters, so that canonicalisation resolves them. */
export function dropDotSegmentParameters(path: string): string {
  return path
    .split('/')
    .map((segment) => segment.replace(/^(\.{1,2});.*$/, '$1'))
    .join('/')
}

/** A dot may be written `%2e`. A dot segment at the end leaves a trailing slash. */
function resolveDots(segments: readonly string[]): readonly string[] {
  const resolved: string[] = []
  segments.forEach((segment, index) => {
    const dots = segment.replaceAll(/%2e/gi, '.')
    if (dots !== '.' && dots !== '..') resolved.push(segment)
    else {
      if (dots === '..') resolved.pop()
      if (index === segments.length - 1) resolved.push('')
    }
  })
  return resolved
}

/** Encoded letters, digits and `-._~` are decoded; other encodings keep their case; what may not stand raw is encoded. */
function canonicalSegment(segment: string): string {
  return segment
    .replaceAll(/%([0-9a-fA-F]{2})/g, (escape, code: string) => decodeUnreserved(String.fromCharCode(Number.parseInt(code, 16)), escape))
    .replaceAll(/[^!$-;=@-[\]_a-z~]+/g, (raw) => percentEncode(raw))
}

function decodeUnreserved(character: string, escape: string): string {
  return /[A-Za-z0-9\-._~]/.test(character) ? character : escape
}

function percentEncode(raw: string): string {
  return [...new TextEncoder().encode(raw)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
