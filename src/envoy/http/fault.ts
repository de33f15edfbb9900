import {fraction} from '../../flow/share.js'
import {allOf} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {either, one, single, type Branch} from '../branch.js'
import {stop} from '../context.js'
import {matchHeader} from '../match/header.js'
import {httpStep, type HttpFilterCall, type HttpResult} from './http-filter.js'

const DENOMINATORS: ReadonlyMap<string, number> = new Map([
  ['HUNDRED', 100],
  ['TEN_THOUSAND', 10_000],
  ['MILLION', 1_000_000],
])

/** Fault injection: an abort takes its percentage of the requests; a delay changes nothing but time. Source: envoy-2022 D6. */
export function abortFault(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const config = call.perRoute ?? call.config
  const pass = (effect: string): Branch<HttpResult>[] =>
    single<HttpResult>({kind: 'continue', stream: call.stream}, [httpStep(call, effect)])
  const onlyCluster = config.str('upstream_cluster')
  if (onlyCluster !== undefined && onlyCluster !== call.cluster) return pass('not for this cluster')
  const applies = allOf(
    config.list('headers').map((matcher) => matchHeader(matcher, {request: call.stream.request, semantics: call.context.semantics})),
  )
  if (applies === 'no') return pass('its header matchers do not match')
  const injected = inject(call, config)
  return applies === 'yes'
    ? injected
    : either<HttpResult>('the header matchers of the fault match', {yes: injected, no: pass('its header matchers do not match')})
}

function inject(call: HttpFilterCall, config: View): readonly Branch<HttpResult>[] {
  const abort = config.get('abort')
  const status = abortStatus(abort)
  const {part, whole} = percentage(abort)
  const passing = one<HttpResult>({kind: 'continue', stream: call.stream}, [httpStep(call, faultText(config))])
  if (status === undefined || part === 0) return [passing]
  const aborted = one<HttpResult>(
    {
      kind: 'ended',
      passage: {
        end: stop({kind: 'responded', status, reason: 'fault injection aborts the request'}, {kind: 'http', status}),
        log: {...call.log, code: status, flags: 'FI', details: 'fault_filter_abort'},
      },
    },
    [httpStep(call, `aborts with ${status}`)],
  )
  return part >= whole
    ? [aborted]
    : [
        {...aborted, share: fraction(part, whole)},
        {...passing, share: fraction(whole - part, whole)},
      ]
}

/** A gRPC abort is an HTTP 200 with a grpc-status. */
function abortStatus(abort: View | undefined): number | undefined {
  return abort?.num('http_status') ?? (abort?.get('grpc_status') === undefined ? undefined : 200)
}

function faultText(config: View): string {
  const faults = [
    ['delay', 'delays'],
    ['abort', 'aborts'],
  ].flatMap(([field = '', verb = '']) => {
    const fault = config.get(field)
    return fault === undefined ? [] : [`${verb} ${percentText(fault)}${delayText(fault)}`]
  })
  return faults.length === 0 ? 'no fault configured' : faults.join(', ')
}

function percentage(fault: View | undefined): {part: number; whole: number} {
  const percent = fault?.get('percentage')
  return {part: percent?.num('numerator') ?? 0, whole: DENOMINATORS.get(percent?.str('denominator') ?? 'HUNDRED') ?? 100}
}

/** Empty for an abort, and for a delay that a header of the request sets. */
function delayText(fault: View): string {
  const time = fault.str('fixed_delay')
  return time === undefined ? '' : ` by ${time}`
}

function percentText(fault: View | undefined): string {
  const {part, whole} = percentage(fault)
  return part >= whole ? 'all requests' : `${part}/${whole} of the requests`
}
