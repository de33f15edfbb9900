import type {Json} from '../../flow/connection.js'
import {NOTHING, WHOLE} from '../../flow/share.js'
import {tri, type Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {headerLines} from '../connection.js'
import {metadataAtKey} from '../format/value.js'
import {NO_HOST, type Choice} from './choice.js'
import type {Host, HostSet} from './host.js'
import type {BalancingPolicy} from './policy.js'
import type {UpstreamContext} from './upstream.js'

/** A host that was named before the load balancing policy is asked. */
export interface Override {
  readonly choice: Choice
  readonly because: string
  /** Why it is not known whether the host is taken. */
  readonly open?: string
}

interface Overriding {
  readonly sets: readonly HostSet[]
  readonly policy: Pick<BalancingPolicy, 'overrideSources' | 'overrideStatuses'>
  readonly context: Pick<UpstreamContext, 'connection' | 'stream'>
}

/** Undefined when nobody names a host of this cluster: then the policy picks. */
export function overrideChoice(overriding: Overriding): Override | undefined {
  return sessionChoice(overriding) ?? policyChoice(overriding)
}

/** The host of a session must have one of the statuses; a strict session takes no other. Source: Envoy host_utility.cc selectOverrideHost. */
function sessionChoice({sets, policy, context}: Overriding): Override | undefined {
  const asked = context.stream?.overrideHost
  if (asked === undefined) return undefined
  const [host, ...twins] = hostsAt(sets, asked.address)
  const verdicts = new Set([host, ...twins].map((one) => (one === undefined ? 'no' : allowsHost(policy.overrideStatuses, one))))
  // A cluster may list an address twice: Envoy knows the one it met first, and a dump does not keep that order.
  const allows = verdicts.size > 1 ? 'undetermined' : [...verdicts][0]
  if (host === undefined || allows === 'no') {
    return asked.strict ? {choice: NO_HOST, because: `the session allows no other host than ${asked.address}`} : undefined
  }
  const taken = override(host, 'the session')
  return allows === 'yes'
    ? taken
    : {...taken, open: `with which status host ${host.text} is ${host.health}, which decides whether the session keeps it`}
}

/** Statuses that a dump's endpoints section does not tell apart. */
const ALIKE: readonly (readonly string[])[] = [
  ['HEALTHY', 'UNKNOWN'],
  ['UNHEALTHY', 'DRAINING', 'TIMEOUT'],
]

function allowsHost(statuses: ReadonlySet<string>, {configured, status}: Host): Tri {
  if (configured !== undefined) return tri(statuses.has(configured))
  const alike = ALIKE.find((group) => group.includes(status)) ?? [status]
  const allowed = alike.filter((one) => statuses.has(one)).length
  return allowed === alike.length ? 'yes' : allowed === 0 ? 'no' : 'undetermined'
}

/** The first of the named hosts that the cluster has, whatever its health. Source: Envoy override_host/load_balancer.cc. */
function policyChoice({sets, policy, context}: Overriding): Override | undefined {
  for (const source of policy.overrideSources) {
    const {from, text} = namedBy(source, context)
    const host = text
      .split(',')
      .map((one) => findHost(sets, one.trim()))
      .find((found) => found !== undefined)
    if (host !== undefined) return override(host, from)
  }
  return undefined
}

function namedBy(source: View, {stream, connection}: Overriding['context']): {readonly from: string; readonly text: string} {
  const header = source.str('header') ?? ''
  if (header !== '') return {from: `header ${header}`, text: (stream === undefined ? [] : headerLines(stream.request, header))[0] ?? ''}
  const key = source.get('metadata')
  const value: Json | undefined = metadataAtKey(key, (stream ?? connection).metadata)
  return {from: `metadata ${key?.str('key') ?? ''}`, text: typeof value === 'string' ? value : ''}
}

function findHost(sets: readonly HostSet[], address: string): Host | undefined {
  return hostsAt(sets, address)[0]
}

function hostsAt(sets: readonly HostSet[], address: string): readonly Host[] {
  return sets.flatMap(({hosts}) => hosts).filter((host) => host.text === address)
}

function override(host: Host, from: string): Override {
  return {choice: {candidates: [{host, share: WHOLE}], none: NOTHING}, because: `host ${host.text} named by ${from}`}
}
