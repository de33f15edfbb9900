import type {View} from '../../json/view.js'
import type {Tri} from '../../flow/tri.js'
import {either, type Branch} from '../branch.js'
import {headerLines} from '../connection.js'
import {matchRoute} from '../route/route-condition.js'
import {answer, pass, type HttpFilterCall, type HttpResult} from './http-filter.js'
import {judgeRequirement} from './jwt-requirement.js'

/** JWT authentication: what a request without token gets is certain; a token's validity is not in the data. Source: envoy-2022 D6; jwt_authn filter.cc. */
export function checkJwt(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  if (call.perRoute?.bool('disabled') === true) return pass(call, 'switched off for this route')
  if (call.config.bool('bypass_cors_preflight') === true && isPreflight(call)) return pass(call, 'a CORS preflight needs no token')
  const name = call.perRoute?.str('requirement_name')
  return name === undefined ? byRules(call) : byName(call, name)
}

function isPreflight({stream: {request}}: HttpFilterCall): boolean {
  const has = (name: string): boolean => (headerLines(request, name)[0] ?? '') !== ''
  return request.method === 'OPTIONS' && has('origin') && has('access-control-request-method')
}

/** A route that names a requirement which does not exist is refused with 403. */
function byName(call: HttpFilterCall, name: string): readonly Branch<HttpResult>[] {
  const requirement = call.config.get('requirement_map')?.own(name)
  if (requirement !== undefined) return judged(call, requirement)
  const reason = `no JWT requirement is named "${name}"`
  return answer(call, {verdict: {kind: 'denied', layer: 'l7', reason}, status: 403, effect: reason})
}

/** The first rule that matches decides; one without a requirement asks for nothing. */
function byRules(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const rule = call.config.list('rules').find((candidate) => ruleMatches(call, candidate) !== 'no')
  const requirement = rule === undefined ? undefined : requirementOf(call, rule)
  const free = pass(call, 'no rule asks for a token')
  if (rule === undefined || requirement === undefined) return free
  const answered = judged(call, requirement)
  return ruleMatches(call, rule) === 'yes' ? answered : either<HttpResult>('the jwt_authn rule matches', {yes: answered, no: free})
}

function requirementOf({config}: HttpFilterCall, rule: View): View | undefined {
  const name = rule.str('requirement_name')
  return name === undefined ? rule.get('requires') : config.get('requirement_map')?.own(name)
}

/** A RequirementRule matches like a route does. */
function ruleMatches(call: HttpFilterCall, rule: View): Tri {
  const match = rule.get('match')
  return match === undefined
    ? 'yes'
    : matchRoute(match, {stream: call.stream, semantics: call.context.semantics, ignorePathParameters: false}).outcome
}

function judged(call: HttpFilterCall, requirement: View): readonly Branch<HttpResult>[] {
  const outcome = judgeRequirement(requirement, {providers: call.config.get('providers'), stream: call.stream})
  switch (outcome) {
    case 'allows':
      return pass(call, 'no token is needed')
    case 'refuses':
      return refused(call, 'the request has no token of the right form')
    case 'depends':
      return either<HttpResult>('the JWT verifies', {
        yes: pass(call, 'the token must verify'),
        no: refused(call, 'the JWT does not verify'),
      })
    default:
      return outcome satisfies never
  }
}

function refused(call: HttpFilterCall, reason: string): Branch<HttpResult>[] {
  return answer(call, {verdict: {kind: 'denied', layer: 'l7', reason}, status: 401, effect: reason})
}
