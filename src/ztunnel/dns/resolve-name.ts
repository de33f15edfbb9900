import type {Step} from '../../flow/step.js'
import {isIpv6} from '../config/ip.js'
import type {Service, Workload} from '../config/model.js'
import {overHistories, type History, type Told} from '../state/history.js'
import {serviceByHost} from '../state/service-by-host.js'
import type {ZtunnelState} from '../state/state.js'
import {aliasesOf, wildcardsOf, type Alias} from './aliases.js'

export interface NameQuery {
  /** The pod that asks. */
  readonly client: Workload
  readonly name: string
  readonly type: 'A' | 'AAAA'
}

export interface DnsRecord {
  readonly type: 'A' | 'AAAA' | 'CNAME'
  readonly data: string
}

/** `answered` without records: ztunnel knows the name, but has no such address for this client. */
export type NameAnswer =
  | {readonly kind: 'answered'; readonly service: Service; readonly records: readonly DnsRecord[]; readonly steps: readonly Step[]}
  /** ztunnel does not know the name, or does not answer DNS: the pod's own resolver decides. */
  | {readonly kind: 'forwarded'; readonly why: string}

/** What ztunnel's DNS proxy answers (ambient-ga B.8, I.8). */
export function resolveName(state: ZtunnelState, query: NameQuery): readonly Told<NameAnswer>[] {
  return overHistories((history) => answer(state, {query, history})).told
}

interface Asked {
  readonly query: NameQuery
  readonly history: History
}

function answer(state: ZtunnelState, {query, history}: Asked): NameAnswer {
  const {settings} = state.config
  if (!settings.dnsProxy) return {kind: 'forwarded', why: 'this ztunnel answers no DNS'}
  const found = findServer(state, {query, history})
  if (found === undefined) return {kind: 'forwarded', why: `ztunnel knows no service called ${query.name}`}
  const {service, alias, wildcard} = found
  const addresses = allowsFamily(state, {service, type: query.type}) ? addressesOf(state, {service, query}) : []
  const cname: readonly DnsRecord[] =
    alias.stripped === undefined || wildcard || addresses.length === 0 ? [] : [{type: 'CNAME', data: `${alias.stripped}.`}]
  return {
    kind: 'answered',
    service,
    records: [...cname, ...addresses.map((data) => ({type: query.type, data}))],
    steps: [
      {
        kind: 'service-lookup',
        name: service.hostname,
        effect: addresses.length === 0 ? `no ${query.type} record` : addresses.join(', '),
        because: [`DNS name ${query.name}`, `client namespace ${query.client.namespace}`],
        evidence: state.evidence(service),
      },
    ],
  }
}

interface Found {
  readonly service: Service
  readonly alias: Alias
  readonly wildcard: boolean
}

function findServer(state: ZtunnelState, {query, history}: Asked): Found | undefined {
  const {clusterDomain} = state.config.settings
  const name = query.name.toLowerCase().replace(/\.$/, '')
  const {namespace} = query.client
  for (const alias of aliasesOf({name, namespace, clusterDomain})) {
    for (const hostname of wildcardsOf(alias.name)) {
      const service = serviceByHost(state, {hostname, namespace, history, accept: (one) => isAnswerable(one, clusterDomain)})
      if (service !== undefined) return {service, alias, wildcard: hostname.startsWith('*')}
    }
  }
  return undefined
}

/** A service without VIP is forwarded, unless it is a headless one of the cluster. */
function isAnswerable({vips, hostname}: Service, clusterDomain: string): boolean {
  return vips.length > 0 || hostname.endsWith(`.svc.${clusterDomain}`)
}

function allowsFamily({config}: ZtunnelState, {service, type}: {readonly service: Service; readonly type: NameQuery['type']}): boolean {
  if (type === 'AAAA') return config.settings.ipv6Enabled && service.ipFamilies !== 'IPv4'
  return service.ipFamilies !== 'IPv6'
}

/** VIPs of the client's own network; of a headless service, one address of each endpoint. */
function addressesOf(state: ZtunnelState, {service, query}: {readonly service: Service; readonly query: NameQuery}): readonly string[] {
  const fits = (ip: string): boolean => isIpv6(ip) === (query.type === 'AAAA')
  if (service.vips.length > 0) return service.vips.filter(({network, ip}) => network === query.client.network && fits(ip)).map(({ip}) => ip)
  return service.endpoints.flatMap(({workloadUid}) => state.workloadsByUid.get(workloadUid)?.ips.find(fits) ?? [])
}
