import type {EnvoyConfig} from '../envoy/config/model.js'
import type {Enrolment, Workload, WorkloadRole} from './directory.js'
import {groupBy} from '../flow/group-by.js'
import {announcedPods, endpointFacts} from './inferred-addresses.js'
import {inboundPods, outboundPods, type AddressFact} from './inferred-chains.js'
import {compareText} from '../flow/compare-text.js'
import {parseIdentity} from './inferred-names.js'
import {normalIp} from './ip.js'

/** A fact with the dump it stands in. */
type Placed = AddressFact & {readonly config: EnvoyConfig}

/** Pods that dumps imply, one per address; the proxies themselves are among them. */
export function inferWorkloads(configs: readonly EnvoyConfig[]): readonly Workload[] {
  const proxies = configs.flatMap(proxyWorkload)
  const known = new Set(proxies.flatMap(({ips}) => ips))
  const facts = configs.flatMap((config) => factsOf(config).map((fact): Placed => ({...fact, config})))
  const others = [...groupBy(facts, ({ip}) => [ip])].filter(([ip]) => !known.has(ip))
  return [...proxies, ...others.toSorted(([a], [b]) => compareText(a, b)).flatMap(([ip, about]) => workloadOf(ip, about))]
}

/** The pod that a dump was taken from, as its bootstrap node says (envoy-2022 0.8). */
export function proxyWorkload(config: EnvoyConfig): readonly Workload[] {
  const {pod, namespace, ip, nodeName, role} = config.node
  if (pod === undefined || role === 'envoy') return []
  return [
    {
      name: pod,
      namespace: namespace ?? '',
      ips: ip === undefined ? [] : [normalIp(ip)],
      ...(nodeName === undefined ? {} : {node: nodeName}),
      hostNetwork: false,
      labels: new Map(),
      role,
      enrolment: {captured: 'no', because: `it is a ${role}`},
      ready: true,
      evidence: {dump: config.dump, pointer: '/configs/0/bootstrap/node', basis: 'inferred'},
    },
  ]
}

function factsOf(config: EnvoyConfig): readonly AddressFact[] {
  const local = config.node.role === 'ztunnel' ? [...announcedPods(config), ...inboundPods(config), ...outboundPods(config)] : []
  return [...local, ...endpointFacts(config)]
}

/** What several facts about one address add up to. */
function workloadOf(ip: string, facts: readonly Placed[]): readonly Workload[] {
  const home = facts.find(({local}) => local === true)
  const source = home ?? facts[0]
  if (source === undefined) return []
  const role: WorkloadRole = facts.some(({waypoint}) => waypoint === true) ? 'waypoint' : 'app'
  const node = home?.config.node.nodeName
  return [
    {
      ...namesOf(ip, facts),
      ips: [ip],
      hostNetwork: false,
      ...(node === undefined ? {} : {node}),
      labels: new Map(),
      role,
      enrolment: enrolmentOf(home, role),
      ready: true,
      evidence: {dump: source.config.dump, pointer: source.view.pointer, basis: 'inferred'},
    },
  ]
}

function namesOf(
  ip: string,
  facts: readonly Placed[],
): Pick<Workload, 'name' | 'namespace' | 'serviceAccount' | 'identity' | 'controller'> {
  const first = <K extends keyof Placed>(key: K): Placed[K] | undefined => facts.find((fact) => fact[key] !== undefined)?.[key]
  const identity = first('identity')
  const controller = first('controller')
  const account = identity === undefined ? undefined : parseIdentity(identity)
  return {
    name: first('pod') ?? ip,
    namespace: first('namespace') ?? account?.namespace ?? '',
    ...(identity === undefined || account === undefined ? {} : {identity, serviceAccount: account.serviceAccount}),
    ...(controller === undefined ? {} : {controller}),
  }
}

function enrolmentOf(home: Placed | undefined, role: WorkloadRole): Enrolment {
  if (role === 'waypoint') return {captured: 'no', because: 'it is a waypoint'}
  return home === undefined
    ? {captured: 'undetermined', because: 'no dump of the ztunnel of its node'}
    : {captured: 'yes', because: `the dump of the ztunnel of its node, ${home.config.dump}, lists it`}
}
