import {addShares, type Share} from '../../flow/share.js'
import type {Rejected, Step} from '../../flow/step.js'
import type {Branch} from '../branch.js'
import {printJson} from '../format/value.js'
import {boundSource} from './bind-source.js'
import type {Candidate, Choice} from './choice.js'
import type {Host} from './host.js'
import {endpointStep} from './steps.js'
import type {Target} from './target.js'
import {upstreamHost} from './upstream-host.js'
import type {Upstream} from './upstream.js'

interface Chosen {
  /** The cluster the hosts belong to. */
  readonly target: Target
  readonly choice: Choice
  readonly inferred: boolean
  readonly rejected: readonly Rejected[]
  /** Steps all branches share. */
  readonly steps: readonly Step[]
}

/** One branch for every host that can be picked, sorted by address. */
export function hostBranches(chosen: Chosen): Branch<Upstream>[] {
  return mergeEqual(chosen.choice.candidates).map((candidate) => hostBranch(chosen, candidate))
}

/** The share that finds no host; nothing when there is none. */
export function noHostBranches(input: {
  readonly target: Target
  readonly share: Share
  readonly text: string
  readonly steps: readonly Step[]
}): Branch<Upstream>[] {
  const {target, share, text, steps} = input
  if (share.numerator === 0n) return []
  return [{value: {kind: 'none', reason: 'no-healthy-upstream', cluster: target.cluster, text}, share, requires: [], steps}]
}

function bindText({cluster, context}: Target, {address}: Host): string[] {
  const source = boundSource(cluster.view.get('upstream_bind_config') ?? context.config.upstreamBind, address)
  return source === undefined ? [] : [`upstream_bind_config: dialled from ${source.ip}`]
}

function hostBranch({target, inferred, rejected, steps}: Chosen, {host, share}: Candidate): Branch<Upstream> {
  const upstream = upstreamHost({...target, address: host.address, host})
  const step = endpointStep({
    context: target.context,
    upstream,
    health: host.status,
    inferred,
    rejected,
    because: [
      `transport socket ${upstream.socket.name}`,
      ...(host.weight === 1 ? [] : [`load_balancing_weight ${host.weight}`]),
      ...bindText(target, host),
    ],
  })
  return {value: upstream, share, requires: [], steps: [...steps, step]}
}

/** Static clusters may list one host several times: the same for whoever is sent there. */
function mergeEqual(candidates: readonly Candidate[]): Candidate[] {
  const merged = new Map<string, Candidate>()
  for (const candidate of candidates) {
    const key = sortKey(candidate)
    const known = merged.get(key)
    merged.set(key, known === undefined ? candidate : {host: known.host, share: addShares(known.share, candidate.share)})
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, candidate]) => candidate)
}

function sortKey({host}: Candidate): string {
  return `${host.text} ${host.status} ${printJson(Object.fromEntries(host.metadata))}`
}
