import type {InnerRequest, WalkQuestion} from '../../src/app/walk-arrival.js'
import type {Random} from './random.js'

/** What a document talks about: addresses, ports and names to ask with. */
export interface Vocabulary {
  readonly addresses: readonly string[]
  readonly ports: readonly number[]
  readonly authorities: readonly string[]
  readonly identities: readonly string[]
  readonly paths: readonly string[]
}

export function vocabularyOf(text: string): Vocabulary {
  return {
    addresses: found(text, /\b(?:\d{1,3}\.){3}\d{1,3}\b/g).filter((ip) =>
      ip.split('.').every((part) => Number(part) < 256 && String(Number(part)) === part),
    ),
    ports: found(text, /"(?:port_value|port)": ?(\d{1,5})\b/g).flatMap((port) => (Number(port) < 65_536 ? [Number(port)] : [])),
    authorities: found(text, /"([a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?)"/g),
    identities: found(text, /spiffe:\/\/[a-z0-9./-]+/g),
    paths: found(text, /"(\/[a-z0-9/]*)"/g),
  }
}

const MAX_WORDS = 60

function found(text: string, pattern: RegExp): readonly string[] {
  const words = new Set<string>()
  for (const match of text.matchAll(pattern)) {
    words.add(match[1] ?? match[0])
    if (words.size >= MAX_WORDS) break
  }
  return [...words]
}

export interface Asking {
  readonly proxy: string
  readonly listeners: readonly string[]
  readonly vocabulary: Vocabulary
  readonly random: Random
}

/** A question that the proxy may know something about. */
export function drawWalk({proxy, listeners, vocabulary, random}: Asking): WalkQuestion {
  const socket = {ip: pickOr(vocabulary.addresses, {random, other: '10.0.0.1'}), port: pickOr(vocabulary.ports, {random, other: 80})}
  const source = {ip: pickOr(vocabulary.addresses, {random, other: '10.0.0.2'}), port: 40_000}
  const entry =
    random.chance(0.9) && listeners.length > 0
      ? {listener: random.pick(listeners)}
      : {port: random.pick([15_001, 15_006, 15_008, socket.port])}
  const tls = random.chance(0.5)
    ? {identity: pickOr(vocabulary.identities, {random, other: 'spiffe://td/ns/a/sa/b'}), alpn: [random.pick(['h2', 'istio', 'http/1.1'])]}
    : {}
  const sni = random.chance(0.2) ? {sni: pickOr(vocabulary.authorities, {random, other: 'a.b'})} : {}
  return {proxy, source, destination: socket, ...entry, ...tls, ...sni, ...drawRequest({vocabulary, random})}
}

function drawRequest({vocabulary, random}: Pick<Asking, 'vocabulary' | 'random'>): Partial<WalkQuestion> {
  if (random.chance(0.2)) return {}
  const authority = pickOr(vocabulary.authorities, {random, other: 'example.com'})
  const headers: readonly (readonly [string, string])[] = random.chance(0.3)
    ? [['x-envoy-original-dst-host', `${pickOr(vocabulary.addresses, {random, other: '::1'})}:80`]]
    : []
  const request: InnerRequest = {
    method: random.pick(['GET', 'POST', 'PUT']),
    authority,
    path: pickOr(vocabulary.paths, {random, other: '/a?b=c'}),
    headers,
  }
  if (random.chance(0.5)) return request
  const target = `${pickOr(vocabulary.addresses, {random, other: '10.0.0.3'})}:${pickOr(vocabulary.ports, {random, other: 80})}`
  return {method: 'CONNECT', authority: target, headers, ...(random.chance(0.7) ? {inner: request} : {})}
}

export function pickOr<T>(list: readonly T[], {random, other}: {readonly random: Random; readonly other: T}): T {
  return list.length === 0 || random.chance(0.05) ? other : random.pick(list)
}
