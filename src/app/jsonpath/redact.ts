import type {PathMatch} from './query-dump.js'

/** Fields of Envoy and of secrets whose whole value nobody but the proxy may know. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'private_key',
  'privateKey',
  'password',
  'session_ticket_keys',
  'generic_secret',
  'client_secret',
  'hmac_secret',
  'token_secret',
  'token',
])

const REDACTED = '[redacted]'

/** PEM of a private key, and JSON web tokens, wherever they stand. */
const SECRET_TEXT = /-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/

/** The match without private keys and tokens: only the raw dump shows what it holds of them. */
export function redactMatch({pointer, value}: PathMatch): PathMatch {
  const isInside = pointer.split('/').some((key) => SECRET_FIELDS.has(key))
  return {pointer, value: isInside ? REDACTED : redacted(value)}
}

function redacted(value: unknown): unknown {
  if (typeof value === 'string') return SECRET_TEXT.test(value) ? REDACTED : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(redacted)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, SECRET_FIELDS.has(key) ? REDACTED : redacted(member)]))
}
