import {isIP} from 'node:net'
import {WHOLE} from '../../flow/share.js'
import type {View} from '../../json/view.js'
import type {Branch} from '../branch.js'
import {headerLines, type Stream} from '../connection.js'
import {portStart, withoutPort} from './authority.js'
import type {ChosenRoute} from './choice.js'
import type {RouteContext} from './context.js'
import {restrictDraw} from './draw.js'
import {fractionConstraint, runtimeFraction} from './runtime-fraction.js'
import type {ClusterTarget, RouteTarget} from './target.js'

/**
 * Copies of a request sent to other clusters: request_mirror_policies of the route, else of the virtual host, else of the table.
 * Their shares are of the request they copy. Source: envoy-2022 D5 (router.cc shouldShadow, shadow_writer_impl.cc).
 */
export function mirrorBranches(
  target: ClusterTarget,
  {choice, draw, context}: {choice: ChosenRoute; draw: ChosenRoute['draw']; context: RouteContext},
): Branch<RouteTarget>[] {
  const levels = [choice.route.get('route'), choice.virtualHost, choice.table]
  const policies = levels.map((level) => level?.list('request_mirror_policies') ?? []).find((list) => list.length > 0) ?? []
  return policies.flatMap((policy) => mirrorBranch(target, {policy, draw, context}))
}

function mirrorBranch(
  target: ClusterTarget,
  {policy, draw, context}: {policy: View; draw: ChosenRoute['draw']; context: RouteContext},
): Branch<RouteTarget>[] {
  const cluster = policy.str('cluster') ?? headerLines(target.stream.request, policy.str('cluster_header') ?? '')[0] ?? ''
  const percent = policy.get('runtime_fraction')
  const outcome = percent === undefined ? 'always' : runtimeFraction(percent, context.runtime)
  if (cluster === '' || outcome === 'never') return []
  const part = outcome === 'always' ? {share: WHOLE} : restrictDraw(draw, fractionConstraint(outcome, 'inside'))
  if (part === undefined) return []
  const value: ClusterTarget = {
    kind: 'cluster',
    cluster,
    stream: mirroredStream(target.stream, policy),
    notFoundCode: target.notFoundCode,
    metadataMatch: [],
    route: target.route,
    arrived: target.arrived,
    notes: target.notes,
  }
  return [{value, share: part.share, requires: [], steps: [], mirror: true}]
}

/** The host gets `-shadow` before its port, unless it is an address, is replaced, or the policy says no. */
function mirroredStream(stream: Stream, policy: View): Stream {
  const literal = policy.str('host_rewrite_literal') ?? ''
  const {authority} = stream.request
  const keeps = policy.bool('disable_shadow_host_suffix_append') === true || isAddress(authority)
  const shadow = keeps
    ? authority
    : `${withoutPort(authority)}-shadow${portStart(authority) < 0 ? '' : authority.slice(portStart(authority))}`
  return {...stream, request: {...stream.request, authority: literal === '' ? shadow : literal}}
}

function isAddress(authority: string): boolean {
  return isIP(withoutPort(authority).replace(/^\[(.*)\]$/, '$1')) !== 0
}
