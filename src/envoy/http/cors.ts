import {anyOf} from '../../flow/tri.js'
import {either, single, type Branch} from '../branch.js'
import {headerLines} from '../connection.js'
import {stop} from '../context.js'
import {matchString} from '../match/string.js'
import {httpStep, type HttpFilterCall, type HttpResult} from './http-filter.js'

/** CORS answers a preflight from an allowed origin itself; every other request passes. Source: envoy-2022 D6; cors_filter.cc. */
export function corsPreflight(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const pass = single<HttpResult>({kind: 'continue', stream: call.stream}, [httpStep(call, 'no preflight')])
  const {request} = call.stream
  const [origin] = headerLines(request, 'origin')
  const policy = call.perRoute ?? ('route' in call.choice ? call.choice.route.path('route', 'cors') : undefined)
  if (request.method !== 'OPTIONS' || origin === undefined || policy === undefined) return pass
  if (headerLines(request, 'access-control-request-method').length === 0) return pass
  const allowed = anyOf(policy.list('allow_origin_string_match').map((matcher) => matchString(matcher, origin)))
  const answered = single<HttpResult>(
    {
      kind: 'ended',
      passage: {
        end: stop({kind: 'responded', status: 200, reason: 'CORS preflight'}, {kind: 'http', status: 200}),
        log: {...call.log, code: 200, details: 'cors_response'},
      },
    },
    [httpStep(call, `answers the preflight of ${origin}`)],
  )
  switch (allowed) {
    case 'yes':
      return answered
    case 'no':
      return pass
    case 'undetermined':
      return either(`CORS allows origin ${origin}`, {yes: answered, no: pass})
    default:
      return allowed satisfies never
  }
}
