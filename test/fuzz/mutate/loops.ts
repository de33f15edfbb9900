import {isRecord, type Path} from '../json-tree.js'
import type {Drawing} from './ground.js'
import type {Edit} from './edit.js'

/** Configurations that lead back to themselves, or that carry heavy machinery: Envoy would refuse some, a dump may hold them all. */
export function drawLoop(drawing: Drawing): readonly Edit[] {
  const clusters = drawing.ground.nodes.filter(({path, value}) => path.at(-1) === 'cluster' && isRecord(value) && 'name' in value)
  if (clusters.length === 0) return []
  const {path, value} = drawing.random.pick(clusters)
  const name = isRecord(value) ? value['name'] : ''
  return drawing.random.pick([aggregate, internal, originalDestination, subset])({
    drawing,
    path,
    name,
    clusters: clusters.map((one) => one.value),
  })
}

interface Loop {
  readonly drawing: Drawing
  readonly path: Path
  readonly name: unknown
  readonly clusters: readonly unknown[]
}

function aggregate({drawing: {random}, path, name, clusters}: Loop): readonly Edit[] {
  const others = clusters.flatMap((cluster) => (isRecord(cluster) ? [cluster['name']] : []))
  const type = 'type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig'
  const typed = {'@type': type, clusters: random.chance(0.5) ? [name] : [random.pick(others), name, random.pick(others)]}
  return [
    {op: 'delete', path: [...path, 'type']},
    {op: 'set', path: [...path, 'cluster_type'], value: {name: 'envoy.clusters.aggregate', typed_config: typed}},
    {op: 'set', path: [...path, 'lb_policy'], value: 'CLUSTER_PROVIDED'},
  ]
}

/** Endpoints that are internal listeners of the same proxy, whose clusters may lead here again. */
function internal({drawing: {ground, random}, path, name}: Loop): readonly Edit[] {
  const listeners = ground.nodes.flatMap((node) => (isListenerName(node.path) ? [node.value] : []))
  const weights = random.chance(0.5) ? [1] : [0, 1, 4_294_967_295]
  const endpoints = weights.map((weight) => ({
    endpoint: {
      address: {envoy_internal_address: {server_listener_name: random.pick([...listeners, 'nowhere']), endpoint_id: '10.0.0.1:80'}},
    },
    load_balancing_weight: weight,
  }))
  return [
    {op: 'set', path: [...path, 'type'], value: 'STATIC'},
    {op: 'set', path: [...path, 'load_assignment'], value: {cluster_name: name, endpoints: [{lb_endpoints: endpoints}]}},
  ]
}

function isListenerName(path: Path): boolean {
  return path.at(-1) === 'name' && path.includes('dynamic_listeners') && path.length < 7
}

function originalDestination({drawing: {random}, path}: Loop): readonly Edit[] {
  const config = random.pick([
    {},
    {use_http_header: true},
    {use_http_header: true, http_header_name: ':authority'},
    {upstream_port_override: 15_006},
  ])
  return [
    {op: 'set', path: [...path, 'type'], value: 'ORIGINAL_DST'},
    {op: 'set', path: [...path, 'lb_policy'], value: 'CLUSTER_PROVIDED'},
    {op: 'set', path: [...path, 'original_dst_lb_config'], value: config},
  ]
}

function subset({drawing: {random}, path}: Loop): readonly Edit[] {
  const selectors = Array.from({length: random.pick([0, 1, 30])}, (_, index) => ({
    keys: [`k${index}`, 'version'],
    fallback_policy: random.pick(['NO_FALLBACK', 'ANY_ENDPOINT', 'KEYS_SUBSET', 'DEFAULT_SUBSET']),
  }))
  const value = {
    fallback_policy: random.pick(['NO_FALLBACK', 'ANY_ENDPOINT', 'DEFAULT_SUBSET']),
    default_subset: {version: 'v1'},
    subset_selectors: selectors,
  }
  return [{op: 'set', path: [...path, 'lb_subset_config'], value}]
}
