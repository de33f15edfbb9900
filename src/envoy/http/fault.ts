import {toNumber, type View} from '../../json/view.js'
import {fraction} from '../../flow/share.js'
import {allOf} from '../../flow/tri.js'
import {either, type Branch} from '../branch.js'
import {headerLines} from '../connection.js'
import {matchHeader} from '../match/header.js'
import {ABORT_PERCENT, ABORT_STATUS, DELAY_PERCENT, faultOverride, MAX_ACTIVE} from './fault-runtime.js'
import {answer, pass, type HttpFilterCall, type HttpResult} from './http-filter.js'

const DENOMINATORS: ReadonlyMap<string, number> = new Map([
  ['HUNDRED', 100],
  ['TEN_THOUSAND', 10_000],
  ['MILLION', 1_000_000],
])

/** Fault injection: an abort takes its percentage of the requests; a delay changes nothing but time, and a flag of the log. Source: envoy-2022 D6; fault_filter.cc. */
export function abortFault(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const config = call.perRoute ?? call.config
  const spared = whySpared(call, config)
  if (spared !== undefined) return pass(call, spared)
  const applies = allOf(
    config.list('headers').map((matcher) => matchHeader(matcher, {request: call.stream.request, semantics: call.context.semantics})),
  )
  const other = 'its header matchers do not match'
  if (applies === 'no') return pass(call, other)
  const injected = inject(call, config)
  return applies === 'yes' ? injected : either<HttpResult>('the header matchers of the fault match', {yes: injected, no: pass(call, other)})
}

/** What takes the request out of a fault's reach whatever its headers say. */
function whySpared(call: HttpFilterCall, config: View): string | undefined {
  const onlyCluster = config.str('upstream_cluster') ?? ''
  if (onlyCluster !== '' && onlyCluster !== call.cluster) return 'not for this cluster'
  const nodes = config.list('downstream_nodes').map((node) => node.text())
  const [node] = headerLines(call.stream.request, 'x-envoy-downstream-service-node')
  if (nodes.length > 0 && !nodes.includes(node)) return 'not for this downstream node'
  const most = faultOverride(call, {config, of: MAX_ACTIVE}) ?? config.num('max_active_faults')
  return most === 0 ? 'no fault may be active' : undefined
}

function inject(call: HttpFilterCall, config: View): readonly Branch<HttpResult>[] {
  const abort = config.get('abort')
  const status = abort === undefined ? undefined : abortStatus(call, {abort, config})
  const {part, whole} = percentage(call, {config, kind: 'abort'})
  const passing = slowly(pass(call, faultText(config, call)), config)
  if (status === undefined || part === 0) return passing
  // A delay before the abort shows in the flags; whether one was drawn is left to chance.
  const flags = config.get('delay') === undefined ? {flags: 'FI'} : {}
  const verdict = {kind: 'responded', status, reason: 'fault injection aborts the request'} as const
  const aborted = answer(call, {verdict, status, effect: `aborts with ${status}`, details: 'fault_filter_abort', ...flags})
  if (part >= whole) return aborted
  return [
    ...aborted.map((branch) => ({...branch, share: fraction(part, whole)})),
    ...passing.map((branch) => ({...branch, share: fraction(whole - part, whole)})),
  ]
}

/** Whether a delay was drawn is left to chance. */
function slowly(passing: readonly Branch<HttpResult>[], config: View): readonly Branch<HttpResult>[] {
  if (config.get('delay') === undefined) return passing
  return passing.map((branch) =>
    branch.value.kind === 'ended' ? branch : {...branch, value: {...branch.value, stream: {...branch.value.stream, delayed: true}}},
  )
}

/** A gRPC abort is an HTTP 200 with a grpc-status. header_abort: the request names its own status (fault_config.cc HeaderAbortProvider). */
function abortStatus(call: HttpFilterCall, {abort, config}: {abort: View; config: View}): number | undefined {
  const http = httpStatus(abort, call)
  const override = faultOverride(call, {config, of: ABORT_STATUS})
  if (http !== undefined) return typeof override === 'number' ? override : http
  if (abort.get('grpc_status') !== undefined) return 200
  if (abort.get('header_abort') === undefined) return undefined
  return headerNumber(call, 'x-envoy-fault-abort-grpc-request') === undefined ? undefined : 200
}

function httpStatus(abort: View, call: HttpFilterCall): number | undefined {
  const fixed = abort.uint('http_status')
  if (fixed !== undefined || abort.get('header_abort') === undefined) return fixed
  const named = headerNumber(call, 'x-envoy-fault-abort-request')
  return named !== undefined && named >= 200 && named < 600 ? named : undefined
}

interface FaultPart {
  readonly config: View
  readonly kind: 'abort' | 'delay'
}

/** A fault that headers control lets them lower its percentage too; runtime has the last word. */
function percentage(call: HttpFilterCall, {config, kind}: FaultPart): {part: number; whole: number} {
  const override = faultOverride(call, {config, of: kind === 'abort' ? ABORT_PERCENT : DELAY_PERCENT})
  if (typeof override === 'number') return {part: override, whole: 100}
  const fault = config.get(kind)
  if (override !== undefined) return setPercentage(override)
  const set = setPercentage(fault?.get('percentage'))
  const header = fault?.get('header_abort') === undefined ? undefined : headerNumber(call, 'x-envoy-fault-abort-request-percentage')
  return {...set, part: Math.min(set.part, header ?? set.part)}
}

function setPercentage(percent: View | undefined): {part: number; whole: number} {
  return {part: percent?.uint('numerator') ?? 0, whole: DENOMINATORS.get(percent?.str('denominator') ?? 'HUNDRED') ?? 100}
}

function headerNumber({stream}: HttpFilterCall, name: string): number | undefined {
  const value = toNumber(headerLines(stream.request, name)[0])
  return value !== undefined && Number.isInteger(value) && value >= 0 ? value : undefined
}

const FAULTS = [
  {kind: 'delay', verb: 'delays'},
  {kind: 'abort', verb: 'aborts'},
] as const

function faultText(config: View, call: HttpFilterCall): string {
  const faults = FAULTS.flatMap(({kind, verb}) => {
    const fault = config.get(kind)
    return fault === undefined ? [] : [`${verb} ${percentText(call, {config, kind})}${delayText(fault)}`]
  })
  return faults.length === 0 ? 'no fault configured' : faults.join(', ')
}

/** Empty for an abort, and for a delay that a header of the request sets. */
function delayText(fault: View): string {
  const time = fault.str('fixed_delay')
  return time === undefined ? '' : ` by ${time}`
}

function percentText(call: HttpFilterCall, fault: FaultPart): string {
  const {part, whole} = percentage(call, fault)
  return part >= whole ? 'all requests' : `${part}/${whole} of the requests`
}
