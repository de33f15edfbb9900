import {prefixContaining} from '../config/ip.js'
import {addressKey, serviceKey, type NetworkAddress, type Service} from '../config/model.js'
import type {History} from './history.js'
import type {ZtunnelState} from './state.js'

export interface VipQuestion {
  readonly address: NetworkAddress
  /** Namespace of the client: its own services come first, and it may see what is for its namespace alone. Absent: no matter whose. */
  readonly namespace?: string
  readonly history: History
}

/** The service a VIP belongs to, for a client of this namespace (ambient-ga B.1, I.1, I.2). */
export function serviceByVip(state: ZtunnelState, question: VipQuestion): Service | undefined {
  const key = addressKey(question.address)
  const owners = state.config.addressOwners?.services
  if (owners !== undefined) return owners.get(key)
  const {namespace = ''} = question
  const holders = visible(state, {services: state.servicesByVip.get(key) ?? [], namespace: question.namespace})
  const candidates = state.semantics.sharedVips ? preferred(holders, namespace) : holders
  const service = question.history.pick({
    key: `vip ${key} ${state.semantics.sharedVips ? namespace : ''}`,
    what: `the service ztunnel keeps for VIP ${question.address.ip}`,
    candidates: candidates.map((value) => ({name: serviceKey(value), value})),
  })
  return service ?? (state.semantics.sharedVips ? serviceByCidr(state, question) : undefined)
}

/** ambient-ga B.1: `visibility: Namespace` hides a service from clients of other namespaces. */
export function visible(
  state: ZtunnelState,
  of: {readonly services: readonly Service[]; readonly namespace: string | undefined},
): readonly Service[] {
  if (!state.semantics.weightedWaypoints || of.namespace === undefined) return of.services
  return of.services.filter(({namespaceOnly, namespace}) => !namespaceOnly || namespace === of.namespace)
}

/** Own namespace first, then canonical services, then any: which one of equals, the order of arrival decided. */
function preferred(services: readonly Service[], namespace: string): readonly Service[] {
  const own = services.filter((service) => service.namespace === namespace)
  if (own.length > 0) return own
  const canonical = services.filter((service) => service.canonical)
  return canonical.length > 0 ? canonical : services
}

interface Block {
  readonly service: Service
  readonly length: number
}

/** CIDR VIPs: own namespace, then the longest prefix, then canonical (ambient-ga B.1). */
function serviceByCidr(state: ZtunnelState, question: VipQuestion): Service | undefined {
  const blocks = visible(state, {services: state.servicesWithBlocks, namespace: question.namespace}).flatMap((service) =>
    longestBlock(service, question.address),
  )
  const {namespace = ''} = question
  const best = bestBlocks(blocks, namespace)
  const chosen = question.history.pick({
    key: `cidr ${addressKey(question.address)} ${namespace}`,
    what: `the service ztunnel keeps for the block around ${question.address.ip}`,
    candidates: best.map(({service}) => ({name: serviceKey(service), value: service})),
  })
  return chosen === undefined ? undefined : storedCopy(chosen, question.history)
}

function longestBlock(service: Service, address: NetworkAddress): Block[] {
  const lengths = service.cidrVips
    .filter(({network}) => network === address.network)
    .flatMap(({cidr}) => prefixContaining(cidr, address.ip) ?? [])
  return lengths.length === 0 ? [] : [{service, length: Math.max(...lengths)}]
}

function bestBlocks(blocks: readonly Block[], namespace: string): readonly Block[] {
  const rank = ({service, length}: Block): number =>
    (service.namespace === namespace ? 1_000 : 0) + length * 2 + (service.canonical ? 1 : 0)
  const best = Math.max(...blocks.map(rank))
  return blocks.filter((block) => rank(block) === best).toSorted((a, b) => (serviceKey(a.service) < serviceKey(b.service) ? -1 : 1))
}

/**
 * ambient-ga I.1: endpoints that arrive after their service leave an older copy without endpoints in the index of blocks, and that
 * copy answers until the service arrives again. The dump shows the newer copy alone.
 */
function storedCopy(service: Service, history: History): Service | undefined {
  if (service.endpoints.length === 0) return service
  return history.pick({
    key: `cidr copy ${serviceKey(service)}`,
    what: `the copy of ${serviceKey(service)} in ztunnel's index of address blocks`,
    candidates: [
      {name: 'the one from before its endpoints arrived', value: {...service, endpoints: []}},
      {name: 'the one the dump shows', value: service},
    ],
  })
}
