import type {HttpRequest} from '../flow/connection.js'
import type {Answer, Place} from '../flow/forwarder.js'
import {policyName} from '../flow/policy-name.js'
import type {Flow, FlowPeer, Hop, Outcome, Trace} from '../flow/trace.js'
import {outlookOf, type Verdict} from '../flow/verdict.js'
import {formatSocket} from '../flow/address.js'
import {layersOf, reachedAddress, type Layer} from './leg.js'
import {placeName} from './place-text.js'
import {visible} from './visible.js'

/** A word of the minimal form, as it is: no blanks, quotes or escapes inside. */
const PLAIN_WORD = /^[^\s"\\]+$/

export interface LineContext {
  readonly trace: Trace
  readonly name: (place: Place) => string
}

/** One hop in the minimal form: `KIND NAME at ADDRESS LAYER*`. See docs/minimal-format.md. */
export function hopLine(hop: Hop, {trace, name}: LineContext): string {
  if (hop.id === trace.start && hop.place.kind === 'app') return flowLine(trace.flow)
  const layers = layersOf(hop.arrival.payload).flatMap((layer) => layerWords(layer, trace.flow.request))
  return words(hop.place.kind, name(hop.place), 'at', reachedAddress(hop.arrival), ...layers)
}

/** The first line of the minimal form: who asks for what. */
export function flowLine(flow: Flow): string {
  return words('from', ...sourceWords(flow.source), 'to', ...destinationWords(flow), ...protocolWords(flow))
}

/** `denied l7 default/viewer, http 403`: the verdict and what the side gets that dialled this hop, without internal names. */
export function outcomeText({verdict, answer}: Outcome): string {
  const seen = outlookOf(verdict) === 'positive' ? '' : answerText(answer)
  return seen === '' ? verdictText(verdict) : `${verdictText(verdict)}, ${seen}`
}

function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'responded':
      return words('responded', String(verdict.status), ...optional(verdict.location))
    case 'denied':
      return words('denied', verdict.layer, ...(verdict.policy === undefined ? [] : [policyName(verdict.policy)]))
    case 'tls-failure':
      return words('tls-failure', ...list('expected', verdict.expected), ...list('presented', verdict.presented))
    case 'ip-mismatch':
      return words('ip-mismatch', 'expected', verdict.expected, 'presented', verdict.presented)
    default:
      return verdict.kind
  }
}

function answerText(answer: Answer): string {
  switch (answer.kind) {
    case 'http':
      return words('http', String(answer.status), ...optional(answer.location))
    case 'closed':
      return answer.accepted ? 'accepted then closed' : 'closed'
    case 'timeout':
      return 'timeout'
    case 'data':
    case 'unknown':
      return ''
    default:
      return answer satisfies never
  }
}

function sourceWords(source: FlowPeer): readonly string[] {
  return source.name === source.ip ? [source.ip] : [placeName(peerAsPlace(source)), source.ip]
}

function destinationWords({destination, connection}: Flow): readonly string[] {
  const address = formatSocket(connection.destination)
  return destination.name === destination.ip ? [address] : [placeName(peerAsPlace(destination)), address]
}

/** A service is named by its host, which holds the namespace already. */
function peerAsPlace({kind, name, namespace}: FlowPeer): Pick<Place, 'name' | 'namespace'> {
  return kind === 'service' || namespace === undefined ? {name} : {name, namespace}
}

function protocolWords({protocol, request}: Flow): readonly string[] {
  if (request !== undefined) return ['http', ...requestWords(request)]
  return protocol === 'unknown' ? [] : [protocol]
}

function layerWords(layer: Layer, asked: HttpRequest | undefined): readonly string[] {
  switch (layer.kind) {
    case 'proxy-protocol':
      return ['proxy', layer.source, 'to', layer.destination]
    case 'hbone':
      return ['hbone', layer.authority, ...presented(layer)]
    case 'connect':
      return ['connect', layer.authority]
    case 'tls':
      return ['tls', ...(layer.sni === undefined ? [] : ['sni', layer.sni]), ...presented(layer)]
    case 'http':
      return isSameRequest(layer.request, asked) ? [] : ['http', ...requestWords(layer.request)]
    default:
      return layer satisfies never
  }
}

function presented({identity, trusted}: {readonly identity?: string; readonly trusted: boolean}): readonly string[] {
  return [...(identity === undefined ? [] : ['as', identity]), ...(trusted ? [] : ['untrusted'])]
}

function requestWords({method, authority, path}: HttpRequest): readonly string[] {
  return [method, `${authority}${path ?? ''}`]
}

/** Only a request that some proxy rewrote is worth a word on its line. */
function isSameRequest(request: HttpRequest, asked: HttpRequest | undefined): boolean {
  return asked !== undefined && request.method === asked.method && request.authority === asked.authority && request.path === asked.path
}

function optional(word: string | undefined): readonly string[] {
  return word === undefined ? [] : [word]
}

function list(label: string, values: readonly string[] | undefined): readonly string[] {
  return values === undefined || values.length === 0 ? [] : [label, ...values]
}

function words(...parts: readonly string[]): string {
  return parts.map(quoteWord).join(' ')
}

/** Anything but a plain word is quoted the JSON way, so that a line splits into words in one way only. */
export function quoteWord(word: string): string {
  return PLAIN_WORD.test(word) && visible(word) === word ? word : quoteText(word)
}

/** Free text in double quotes, with everything invisible escaped. */
export function quoteText(text: string): string {
  return visible(JSON.stringify(text))
}
