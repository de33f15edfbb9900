import {findIn} from '../audit/findings/find.js'
import type {Scene} from '../audit/findings/scene.js'
import type {Finding} from '../flow/finding.js'
import type {Flow, Trace} from '../flow/trace.js'
import type {Workload} from '../mesh/directory.js'
import type {TraceGraph} from '../mesh/tracer.js'
import type {ZtunnelConfig} from '../ztunnel/config/model.js'
import type {Resolved} from './resolve.js'
import {ztunnelOf} from './world.js'

export interface Traced {
  readonly flow: Flow
  readonly graph: TraceGraph
  readonly resolved: Resolved
}

/** What explains a trace through GA ambient; nothing of the 2022 generation, whose ztunnels are Envoys. */
export async function findingsFor({flow, graph, resolved}: Traced): Promise<Pick<Trace, 'findings'>> {
  const {home, directory, destination, source} = resolved
  if (home.generation !== 'ga') return {}
  const configs = await ztunnelsOnTheWay({flow, graph, resolved})
  const ofPod = (pod: Workload): ZtunnelConfig | undefined => configs.get(pod.node ?? '')
  const [first] = configs.values()
  const own = source.kind === 'workload' ? ofPod(source.workload) : undefined
  const ztunnel = own ?? first
  const inventory = home.snapshot.inventory ?? {}
  const scene: Scene = {
    trace: {flow, ...graph},
    destination,
    directory,
    inventory,
    ...(home.admission === undefined ? {} : {admission: home.admission}),
    ztunnelOf: ofPod,
    ...(source.kind === 'workload' ? {source: source.workload} : {}),
    ...(home.cluster === undefined ? {} : {cluster: home.cluster}),
    ...(ztunnel === undefined ? {} : {ztunnel}),
  }
  const findings: readonly Finding[] = findIn(scene)
  return findings.length === 0 ? {} : {findings}
}

/** By node, in the order of the trace; that of the client first. */
async function ztunnelsOnTheWay({graph, resolved}: Traced): Promise<ReadonlyMap<string, ZtunnelConfig>> {
  const {home, directory, source} = resolved
  const start = source.kind === 'workload' ? [source.workload.node] : []
  const places = Object.values(graph.hops).filter(({place}) => place.cluster === home.cluster)
  const nodes = new Set([...start, ...places.map(({place}) => place.node)].flatMap((node) => node ?? []))
  const configs = new Map<string, ZtunnelConfig>()
  for (const node of nodes) {
    const config = await ztunnelOf(home, {node, directory})
    if (config !== undefined) configs.set(node, config)
  }
  return configs
}
