import type {Missing} from '../../flow/verdict.js'
import type {View} from '../../json/view.js'
import type {EnvoyNode, Resource} from '../config/model.js'
import {printJson} from '../format/value.js'
import type {ClusterType} from './cluster-type.js'
import type {ClusterConfig} from './upstream.js'
import {excludeDraining} from './excluded.js'
import {withInlineSettings} from './inline-assignment.js'
import {readHostSets, type Host, type HostSet} from './host.js'

/** The hosts of a cluster that has a list of them, and how that list was found. */
export type HostList =
  | ({readonly kind: 'hosts'; readonly sets: readonly HostSet[]} & Found)
  | {readonly kind: 'undetermined'; readonly join?: string; readonly missing: readonly Missing[]}

interface Found {
  readonly assignment: View
  /** `exact` or `set-equivalent` (envoy-2022 D8). */
  readonly join: string
  readonly inferred: boolean
}

interface Asking {
  readonly config: ClusterConfig
  readonly cluster: Resource
  readonly type: Extract<ClusterType, {kind: 'listed'}>
}

/** envoy-2022 D8: the endpoints section, else what the cluster itself lists; a name that DNS resolves is no host. */
export function listHosts(asking: Asking): HostList {
  const lookup = asking.config.endpoints(asking.cluster)
  switch (lookup.kind) {
    case 'found':
      return readHosts(asking, {assignment: lookup.assignment, join: lookup.join, inferred: lookup.inferred})
    case 'ambiguous':
      return readAmbiguous(asking, lookup.candidates)
    case 'no-endpoints-section':
    case 'not-in-dump':
      return readInline(asking)
    default:
      return lookup satisfies never
  }
}

function readHosts({cluster, type, config}: Asking, found: Found): HostList {
  const {sets: listed, names} = readHostSets(found.assignment, {distinct: type.eds})
  const sets = excludeDraining(withInlineSettings(listed, type.eds ? undefined : cluster.view.get('load_assignment')), config)
  if (names.length === 0) return {kind: 'hosts', sets, ...found}
  const collect = collectCommand(config.node)
  const missing = names.map((name) => ({what: `addresses of ${name} (DNS name in cluster ${cluster.name})`, collect}))
  return {kind: 'undetermined', join: found.join, missing}
}

/** Several assignments fit and nobody may pick one; if they list the same hosts, it does not matter which. */
function readAmbiguous(asking: Asking, candidates: readonly View[]): HostList {
  const lists = candidates.map((assignment) => readHostSets(assignment, {distinct: asking.type.eds}))
  const [first] = candidates
  if (first !== undefined && new Set(lists.map(({sets}) => describeSets(sets))).size === 1) {
    return readHosts(asking, {assignment: first, join: 'set-equivalent', inferred: true})
  }
  return {
    kind: 'undetermined',
    join: `ambiguous(${candidates.length})`,
    missing: [{what: `which of ${candidates.length} nameless endpoint assignments belongs to cluster ${asking.cluster.name}`}],
  }
}

/** Without an endpoints section only clusters that carry their endpoints themselves have known hosts. */
function readInline(asking: Asking): HostList {
  const {cluster, config, type} = asking
  const inline = type.eds ? undefined : cluster.view.get('load_assignment')
  if (inline !== undefined) return readHosts(asking, {assignment: inline, join: 'exact', inferred: false})
  // A cluster that is to list its endpoints and lists none has none.
  if (type.name === 'STATIC') return {kind: 'hosts', sets: [], join: 'exact', inferred: false, assignment: cluster.view}
  return {kind: 'undetermined', missing: [{what: `endpoints of cluster ${cluster.name}`, collect: collectCommand(config.node)}]}
}

/** The command that collects a dump with endpoints; quoted, because zsh takes `?` for a file pattern. */
function collectCommand(node: EnvoyNode): string {
  const namespace = node.namespace === undefined ? '' : ` -n ${node.namespace}`
  return `kubectl exec ${node.pod ?? '<pod>'}${namespace} -- curl -s '127.0.0.1:15000/config_dump?include_eds'`
}

function describeHost({text, health, weight, locality, metadata}: Host): string {
  return JSON.stringify([text, health, weight, locality, printJson(Object.fromEntries(metadata))])
}

function describeSets(sets: readonly HostSet[]): string {
  return JSON.stringify(
    sets.map((set) => [
      set.overprovisioning,
      set.weightedHealth,
      [...(set.localityWeights ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)),
      set.hosts.map(describeHost).sort(),
    ]),
  )
}
