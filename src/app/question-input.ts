import {z} from 'zod'
import {UsageError} from '../flow/errors.js'
import type {Question} from '../flow/trace.js'
import {VERDICT_KINDS} from '../flow/verdict.js'
import type {WalkQuestion} from './walk-arrival.js'

const headers = z.array(z.tuple([z.string(), z.string()]))
const port = z.int().min(0).max(65_535)
const socket = z.strictObject({ip: z.union([z.ipv4(), z.ipv6()]), port})

const question = z.strictObject({
  source: z.string().min(1),
  destination: z.string().min(1),
  protocol: z.exactOptional(z.enum(['http', 'tcp', 'tls'])),
  httpVersion: z.exactOptional(z.enum(['h1', 'h2'])),
  method: z.exactOptional(z.string()),
  path: z.exactOptional(z.string()),
  host: z.exactOptional(z.string()),
  headers: z.exactOptional(headers),
  sni: z.exactOptional(z.string()),
  fromKind: z.exactOptional(z.enum(['ambient', 'sidecar', 'gateway', 'uncaptured', 'outside'])),
})

const walk = z.strictObject({
  proxy: z.string().min(1),
  listener: z.exactOptional(z.string()),
  port: z.exactOptional(port),
  source: z.exactOptional(socket),
  destination: z.exactOptional(socket),
  sni: z.exactOptional(z.string()),
  alpn: z.exactOptional(z.array(z.string())),
  identity: z.exactOptional(z.string()),
  method: z.exactOptional(z.string()),
  authority: z.exactOptional(z.string()),
  path: z.exactOptional(z.string()),
  headers: z.exactOptional(headers),
  inner: z.exactOptional(z.strictObject({method: z.string(), authority: z.string(), path: z.string(), headers: z.exactOptional(headers)})),
  expect: z.exactOptional(z.enum(VERDICT_KINDS)),
})

/** A question as a line of `trace --batch`: the fields of `Question`, headers as `[[name, value]]`. @throws ZodError */
export function readQuestion(value: unknown): Question {
  return question.parse(value)
}

/**
 * A question as a line of `walk --batch`; addresses as `{"ip": …, "port": …}`. A line may leave the proxy to the command line, and say
 * the verdict it expects (`expect`). @throws ZodError
 */
export function readWalkQuestion(value: unknown, proxy?: string): WalkQuestion {
  return walk.parse(proxy !== undefined && typeof value === 'object' && value !== null ? {proxy, ...value} : value)
}

/** A question from a command line: absent flags are undefined. @throws UsageError without source or destination, or for a URL. */
export function questionFrom(members: Members): Question {
  const {source, destination} = members
  if (source === undefined || destination === undefined) {
    const what = source === undefined ? 'SRC and DST are missing.' : 'DST is missing.'
    throw new UsageError({what, expected: 'trace SRC DST', help: 'Or give questions with --batch.'})
  }
  if (typeof destination === 'string') refuseUrl(destination)
  return readQuestion(given(members))
}

/** What people copy from a client's log: the parts of a URL belong to flags of their own. */
function refuseUrl(text: string): void {
  const [, scheme, authority = '', path] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/]+:\d+|(?<=:\/\/)[^/]+)(\/.*)?$/i.exec(text) ?? []
  if (scheme === undefined && path === undefined) return
  const ending = /:\d+$/.test(authority) ? '' : scheme === 'https' ? ':443' : ':80'
  const flags = [...(scheme === 'https' ? ['--protocol tls'] : []), ...(path === undefined || path === '/' ? [] : [`--path '${path}'`])]
  throw new UsageError({
    what: 'DST is a URL.',
    expected: 'a name or an address, with its port',
    got: text,
    help: `Ask for ${[`${authority}${ending}`, ...flags].join(' ')}.`,
  })
}

/** A walk from a command line. @throws UsageError without a proxy. */
export function walkQuestionFrom(members: Members): WalkQuestion {
  if (members['proxy'] === undefined) {
    throw new UsageError({what: 'PROXY is missing.', expected: 'walk PROXY', help: 'Or give questions with --batch.'})
  }
  return readWalkQuestion(given(members))
}

type Members = Readonly<Record<string, unknown>>

function given(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
