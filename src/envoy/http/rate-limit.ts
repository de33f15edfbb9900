import {toNumber, type View} from '../../json/view.js'
import type {Branch} from '../branch.js'
import {drawn, mayRefuse, pass, type HttpFilterCall, type HttpResult} from './http-filter.js'

const TOO_MANY = 429

/**
 * local_ratelimit: how many tokens are left is not in the data. Without filter_enabled or filter_enforced nothing is limited.
 * Source: envoy-2022 D6; local_ratelimit.cc, local_ratelimit.proto (both default to 0 %).
 */
export function limitLocally(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const config = call.perRoute ?? call.config
  if (config.get('token_bucket') === undefined && config.list('descriptors').length === 0) return pass(call, 'has no token bucket')
  const [enabled, enforced] = [config.get('filter_enabled'), config.get('filter_enforced')]
  if (enabled === undefined || enforced === undefined) return pass(call, enabled === undefined ? 'switched off' : 'only counts')
  return drawn(call, {
    percent: enabled,
    inside: () => drawn(call, {percent: enforced, inside: () => refuse(call, config), outside: () => pass(call, 'only counts')}),
    outside: () => pass(call, 'switched off'),
  })
}

function refuse(call: HttpFilterCall, config: View): readonly Branch<HttpResult>[] {
  const condition = `the local rate limit (${bucketText(config)}) must not be used up`
  return mayRefuse(call, {condition, status: limitStatus(config.get('status')), flags: 'RL', details: 'local_rate_limited'})
}

function bucketText(config: View): string {
  const bucket = config.get('token_bucket')
  return bucket === undefined ? 'by descriptors' : `${bucket.num('max_tokens') ?? 0} tokens`
}

/** Anything below 400 would be no refusal: then it is 429 (local_ratelimit.h toErrorCode). */
function limitStatus(status: View | undefined): number {
  const code = statusCode(status)
  return code === undefined || code < 400 ? TOO_MANY : code
}

/** ratelimit: the service is asked about the descriptors of the route; a request without any is not limited. Source: ratelimit.cc initiateCall. */
export function limitByService(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  if (!hasDescriptors(call)) return pass(call, 'no rate limit of the route applies')
  const condition = 'the rate limit service must allow the request'
  return mayRefuse(call, {condition, status: limitStatus(call.config.get('rate_limited_status'))})
}

/** Limits of the route, of its virtual host, or (newer) of the filter itself; one that only some requests meet counts as one. */
function hasDescriptors({choice, config, perRoute}: HttpFilterCall): boolean {
  const action = 'route' in choice ? choice.route.get('route') : undefined
  const host = 'virtualHost' in choice ? choice.virtualHost : undefined
  return [action, host, config, perRoute].some((holder) => (holder?.list('rate_limits').length ?? 0) > 0)
}

/** HttpStatus: a dump prints the enum by name. */
export function statusCode(status: View | undefined): number | undefined {
  const code = status?.get('code')?.value
  return toNumber(code) ?? (typeof code === 'string' ? STATUS_CODES.get(code) : undefined)
}

const STATUS_CODES: ReadonlyMap<string, number> = new Map([
  ['OK', 200],
  ['Created', 201],
  ['Accepted', 202],
  ['NoContent', 204],
  ['MovedPermanently', 301],
  ['Found', 302],
  ['SeeOther', 303],
  ['TemporaryRedirect', 307],
  ['PermanentRedirect', 308],
  ['BadRequest', 400],
  ['Unauthorized', 401],
  ['PaymentRequired', 402],
  ['Forbidden', 403],
  ['NotFound', 404],
  ['MethodNotAllowed', 405],
  ['NotAcceptable', 406],
  ['RequestTimeout', 408],
  ['Conflict', 409],
  ['Gone', 410],
  ['PreconditionFailed', 412],
  ['PayloadTooLarge', 413],
  ['UnprocessableEntity', 422],
  ['Locked', 423],
  ['FailedDependency', 424],
  ['UpgradeRequired', 426],
  ['TooManyRequests', 429],
  ['InternalServerError', 500],
  ['NotImplemented', 501],
  ['BadGateway', 502],
  ['ServiceUnavailable', 503],
  ['GatewayTimeout', 504],
  ['InsufficientStorage', 507],
])
