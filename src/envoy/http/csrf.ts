import {anyOf, type Tri} from '../../flow/tri.js'
import {either, type Branch} from '../branch.js'
import {headerLines, type Stream} from '../connection.js'
import {matchString} from '../match/string.js'
import {answer, drawn, pass, type HttpFilterCall, type HttpResult} from './http-filter.js'

const MODIFYING = new Set(['POST', 'PUT', 'DELETE', 'PATCH'])
const MISMATCH = 'csrf_origin_mismatch'

/** CSRF: a modifying request must come from its own host or a listed origin, else 403. Source: envoy-2022 D6; csrf_filter.cc. */
export function checkOrigin(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  if (!MODIFYING.has(call.stream.request.method)) return pass(call, 'the method modifies nothing')
  const policy = call.perRoute ?? call.config
  const [enabled, shadow] = [policy.get('filter_enabled'), policy.get('shadow_enabled')]
  const off = (): readonly Branch<HttpResult>[] => pass(call, 'switched off')
  if (shadow === undefined) return drawn(call, {percent: enabled, inside: () => judge(call, () => refuse(call)), outside: off})
  // csrf_filter.cc draws both anew for a request it found wrong: one that only a shadow looked at may be refused after all.
  const refused = (): readonly Branch<HttpResult>[] =>
    drawn(call, {
      percent: shadow,
      inside: () => drawn(call, {percent: enabled, inside: () => refuse(call), outside: () => pass(call, 'only a shadow refuses')}),
      outside: () => refuse(call),
    })
  const looked = (): readonly Branch<HttpResult>[] => judge(call, refused)
  return drawn(call, {percent: enabled, inside: looked, outside: () => drawn(call, {percent: shadow, inside: looked, outside: off})})
}

function refuse(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const verdict = {kind: 'denied', layer: 'l7', reason: MISMATCH} as const
  return answer(call, {verdict, status: 403, effect: 'the origin is not allowed', details: MISMATCH})
}

function judge(call: HttpFilterCall, refused: () => readonly Branch<HttpResult>[]): readonly Branch<HttpResult>[] {
  const allowed = isAllowed(call)
  switch (allowed) {
    case 'yes':
      return pass(call, 'the origin is allowed')
    case 'no':
      return refused()
    case 'undetermined':
      return either('CSRF allows the origin', {yes: pass(call, 'the origin is allowed'), no: refused()})
    default:
      return allowed satisfies never
  }
}

function isAllowed(call: HttpFilterCall): Tri {
  const source = sourceOrigin(call.stream)
  if (source === undefined) return 'no'
  if (source === call.stream.request.authority) return 'yes'
  return anyOf((call.perRoute ?? call.config).list('additional_origins').map((matcher) => matchString(matcher, source)))
}

/**
 * host[:port] of Origin, else of Referer; a text that is no URL stands for itself. Origin `null` is none, whatever the policy lists and
 * whatever Referer says (seen on Envoy 1.36.2 and 1.40.0).
 */
function sourceOrigin({request}: Stream): string | undefined {
  const text = [headerLines(request, 'origin')[0], headerLines(request, 'referer')[0]].find((line) => line !== undefined && line !== '')
  return text === undefined || text === 'null' ? undefined : (/^https?:\/\/([^/?#]+)/i.exec(text)?.[1] ?? text)
}
