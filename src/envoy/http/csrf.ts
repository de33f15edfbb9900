import {fraction} from '../../flow/share.js'
import {anyOf, type Tri} from '../../flow/tri.js'
import {either, one, single, type Branch} from '../branch.js'
import {headerLines, type Stream} from '../connection.js'
import {stop} from '../context.js'
import {matchString} from '../match/string.js'
import {runtimeFraction} from '../route/runtime-fraction.js'
import {httpStep, type HttpFilterCall, type HttpResult} from './http-filter.js'

const MODIFYING = new Set(['POST', 'PUT', 'DELETE', 'PATCH'])

/** CSRF: a modifying request must come from its own host or a listed origin, else 403. Source: envoy-2022 D6; csrf_filter.cc. */
export function checkOrigin(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const config = call.perRoute ?? call.config
  const pass = (effect: string): Branch<HttpResult>[] =>
    single<HttpResult>({kind: 'continue', stream: call.stream}, [httpStep(call, effect)])
  if (!MODIFYING.has(call.stream.request.method)) return pass('the method modifies nothing')
  const enabled = config.get('filter_enabled')
  const part = enabled === undefined ? 'always' : runtimeFraction(enabled, call.context.config.runtime)
  if (part === 'never') return pass('switched off')
  const judged = judge(call, pass)
  if (part === 'always') return judged
  const {numerator, denominator} = part
  return [
    ...judged.map((branch) => ({...branch, share: fraction(numerator, denominator)})),
    {...one<HttpResult>({kind: 'continue', stream: call.stream}), share: fraction(denominator - numerator, denominator)},
  ]
}

function judge(call: HttpFilterCall, pass: (effect: string) => Branch<HttpResult>[]): readonly Branch<HttpResult>[] {
  const refused = single<HttpResult>(
    {
      kind: 'ended',
      passage: {
        end: stop({kind: 'denied', layer: 'l7', reason: 'csrf_origin_mismatch'}, {kind: 'http', status: 403}),
        log: {...call.log, code: 403, details: 'csrf_origin_mismatch'},
      },
    },
    [httpStep(call, 'the origin is not allowed')],
  )
  const allowed = isAllowed(call)
  switch (allowed) {
    case 'yes':
      return pass('the origin is allowed')
    case 'no':
      return refused
    case 'undetermined':
      return either('CSRF allows the origin', {yes: pass('the origin is allowed'), no: refused})
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

/** host[:port] of Origin, else of Referer. */
function sourceOrigin({request}: Stream): string | undefined {
  const origin = headerLines(request, 'origin')[0]
  const text = origin === undefined || origin === 'null' ? headerLines(request, 'referer')[0] : origin
  const host = text === undefined ? undefined : /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text)?.[1]
  return host === undefined || host === '' ? undefined : host
}
