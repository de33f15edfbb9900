import {allOf} from '../../flow/tri.js'
import {either, single, type Branch} from '../branch.js'
import {stop} from '../context.js'
import {matchHeader} from '../match/header.js'
import {httpStep, type HttpFilterCall, type HttpResult} from './http-filter.js'

/** The health check filter answers requests that match its headers itself, unless it only passes them through. Source: envoy-2022 D6. */
export function answerHealthCheck(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const {config, stream, context} = call
  const pass = single<HttpResult>({kind: 'continue', stream}, [httpStep(call, 'no health check request')])
  if (config.bool('pass_through_mode') === true) return pass
  const answer = single<HttpResult>(
    {
      kind: 'ended',
      passage: {
        end: stop({kind: 'responded', status: 200, reason: 'health check (503 while draining)'}, {kind: 'http', status: 200}),
        log: {...call.log, code: 200, details: 'health_check_ok'},
      },
    },
    [httpStep(call, 'answers the health check')],
  )
  const matches = allOf(
    config.list('headers').map((matcher) => matchHeader(matcher, {request: stream.request, semantics: context.semantics})),
  )
  switch (matches) {
    case 'yes':
      return answer
    case 'no':
      return pass
    case 'undetermined':
      return either('the request is a health check', {yes: answer, no: pass})
    default:
      return matches satisfies never
  }
}
