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
  return drawn(call, {
    percent: (call.perRoute ?? call.config).get('filter_enabled'),
    inside: () => judge(call),
    outside: () => pass(call, 'switched off'),
  })
}

function judge(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const verdict = {kind: 'denied', layer: 'l7', reason: MISMATCH} as const
  const refused = answer(call, {verdict, status: 403, effect: 'the origin is not allowed', details: MISMATCH})
  const allowed = isAllowed(call)
  switch (allowed) {
    case 'yes':
      return pass(call, 'the origin is allowed')
    case 'no':
      return refused
    case 'undetermined':
      return either('CSRF allows the origin', {yes: pass(call, 'the origin is allowed'), no: refused})
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

/** host[:port] of Origin, else of Referer; a text that is no URL stands for itself, `null` too (csrf_filter.cc hostAndPort). */
function sourceOrigin({request}: Stream): string | undefined {
  const text = [headerLines(request, 'origin')[0], headerLines(request, 'referer')[0]].find((line) => line !== undefined && line !== '')
  return text === undefined ? undefined : (/^https?:\/\/([^/?#]+)/i.exec(text)?.[1] ?? text)
}
