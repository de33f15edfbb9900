import type {Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {matchRoute} from '../route/route-condition.js'
import {either, single, type Branch} from '../branch.js'
import {headerLines} from '../connection.js'
import {stop} from '../context.js'
import {httpStep, type HttpFilterCall, type HttpResult} from './http-filter.js'

/** JWT authentication: what a request without token gets is certain; a token's validity is not in the data. Source: envoy-2022 D6. */
export function checkJwt(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const pass = (effect: string): Branch<HttpResult>[] =>
    single<HttpResult>({kind: 'continue', stream: call.stream}, [httpStep(call, effect)])
  const rule = call.config.list('rules').find((candidate) => ruleMatches(call, candidate) !== 'no')
  const requirement = rule?.get('requires')
  if (rule === undefined || requirement === undefined) return pass('no rule asks for a token')
  const matches = ruleMatches(call, rule)
  const answer = hasToken(call) ? withToken(call, pass) : withoutToken(call, {requirement, pass})
  return matches === 'yes' ? answer : either<HttpResult>('the jwt_authn rule matches', {yes: answer, no: pass('no rule asks for a token')})
}

/** A RequirementRule matches like a route does. */
function ruleMatches(call: HttpFilterCall, rule: View): Tri {
  const match = rule.get('match')
  return match === undefined
    ? 'yes'
    : matchRoute(match, {stream: call.stream, semantics: call.context.semantics, ignorePathParameters: false}).outcome
}

function hasToken(call: HttpFilterCall): boolean {
  const {request} = call.stream
  const named = (call.config.get('providers')?.entries() ?? []).flatMap(([, provider]) =>
    provider.list('from_headers').map((header) => header.str('name') ?? ''),
  )
  const inHeader = ['authorization', ...named].some((name) => headerLines(request, name).length > 0)
  return inHeader || /[?&]access_token=/.test(request.path ?? '')
}

function withToken(call: HttpFilterCall, pass: (effect: string) => Branch<HttpResult>[]): readonly Branch<HttpResult>[] {
  return either<HttpResult>('the JWT verifies', {yes: pass('the token must verify'), no: refused(call, 'Jwt verification fails')})
}

function withoutToken(
  call: HttpFilterCall,
  input: {requirement: View; pass: (effect: string) => Branch<HttpResult>[]},
): readonly Branch<HttpResult>[] {
  return allowsMissing(input.requirement) ? input.pass('a missing token is allowed') : refused(call, 'Jwt is missing')
}

function allowsMissing(requirement: View): boolean {
  if (requirement.get('allow_missing') !== undefined || requirement.get('allow_missing_or_failed') !== undefined) return true
  const any = requirement.get('requires_any')
  if (any !== undefined) return any.list('requirements').some((child) => allowsMissing(child))
  const all = requirement.get('requires_all')
  return all !== undefined && all.list('requirements').every((child) => allowsMissing(child))
}

function refused(call: HttpFilterCall, reason: string): Branch<HttpResult>[] {
  return single<HttpResult>(
    {
      kind: 'ended',
      passage: {
        end: stop({kind: 'denied', layer: 'l7', reason}, {kind: 'http', status: 401}),
        log: {...call.log, code: 401, details: `jwt_authn_access_denied{${reason.replaceAll(' ', '_')}}`},
      },
    },
    [httpStep(call, reason)],
  )
}
