import type {Step} from '../flow/step.js'
import {createState} from '../ztunnel/state/state.js'
import {resolveName, type NameAnswer} from '../ztunnel/dns/resolve-name.js'
import type {CaptureSources} from '../mesh/capture-truth.js'
import type {Workload} from '../mesh/directory.js'
import type {Destination} from '../mesh/destination-names.js'
import {compareText} from '../flow/compare-text.js'
import type {Resolved} from './resolve.js'

/** The destination, as ztunnel's DNS proxy gives it to the source, with the step that says so. */
export interface AnsweredDestination {
  readonly destination: Destination
  readonly lookup: readonly Step[]
}

/**
 * A captured pod that dials a name gets its answer from its ztunnel, which may know other addresses than the cluster's DNS:
 * those of ServiceEntries above all. Source: ambient-ga B.8.
 */
export async function namedByZtunnel(resolved: Resolved): Promise<AnsweredDestination> {
  const {destination} = resolved
  const answer = await answerOf(resolved)
  if (answer?.kind !== 'answered') return {destination, lookup: []}
  const ips = answer.records.flatMap(({type, data}) => (type === 'CNAME' ? [] : data)).toSorted(compareText)
  const used = destination.service?.headless === true ? ips : ips.slice(0, 1)
  const [first, ...rest] = used.map((ip) => ({ip, port: destination.port.port}))
  return {destination: first === undefined ? destination : {...destination, addresses: [first, ...rest]}, lookup: answer.steps}
}

/** Undefined where ztunnel is not asked: an address is dialled, or the source is not captured. */
async function answerOf({source, destination, home, directory}: Resolved): Promise<NameAnswer | undefined> {
  if (home.generation !== 'ga' || source.kind !== 'workload' || source.workload.enrolment.captured !== 'yes') return undefined
  const name = dialledName(destination)
  if (name === undefined) return undefined
  const {node = ''} = source.workload
  const query = {node, pod: directory.ztunnelOf(node)}
  await home.shelf.ztunnels.load(query)
  return askZtunnel(home.shelf.ztunnels.sources(query), {name, workload: source.workload})
}

function dialledName({service, typed, addresses: [first]}: Destination): string | undefined {
  return typed === first.ip ? undefined : service?.host
}

/** Several answers are alternatives that nobody can weigh: then the inventory's own stands. */
function askZtunnel(
  {own, other}: CaptureSources,
  {name, workload}: {readonly name: string; readonly workload: Workload},
): NameAnswer | undefined {
  const config = own ?? other
  const client = config?.workloads.find((one) => one.name === workload.name && one.namespace === workload.namespace)
  if (config === undefined || client === undefined) return undefined
  const told = resolveName(createState(config, {standIn: own === undefined}), {client, name, type: 'A'})
  return told.length === 1 ? told[0]?.value : undefined
}
