import {compareText} from '../flow/compare-text.js'
import type {DumpStore} from '../json/store.js'
import {policyKey, type ZtunnelConfig, type ZtunnelVersion} from '../ztunnel/config/model.js'
import {readZtunnelConfig} from '../ztunnel/config/read-ztunnel-config.js'
import type {SummaryCount} from './summary-count.js'
import {findingsOf, type Finding} from './ztunnel-findings.js'

export interface ZtunnelSummary {
  readonly proxy: {readonly role: 'ztunnel'; readonly version: string; readonly node?: string}
  readonly counts: readonly SummaryCount[]
  readonly warnings: readonly string[]
  readonly ztunnel: ZtunnelDetails
}

/** What the dump of a Rust ztunnel says beyond numbers. */
export interface ZtunnelDetails {
  /** How the release is known: by name, or by the newest field that is printed. */
  readonly versionFrom: string
  readonly network: string
  readonly clusterId: string
  readonly policies: readonly PolicySummary[]
  readonly certificates: readonly CertificateSummary[]
  /** The pods this ztunnel really holds; absent where dumps do not list them: dedicated mode, before 1.22. */
  readonly captured?: readonly CapturedSummary[]
  readonly findings: readonly Finding[]
}

interface PolicySummary {
  readonly name: string
  readonly action: 'Allow' | 'Deny'
  readonly scope: string
  readonly rules: number
  /** It decides nothing. */
  readonly dryRun: boolean
}

interface CertificateSummary {
  readonly identity: string
  readonly state: string
  /** As the dump prints it. */
  readonly expires?: string
}

interface CapturedSummary {
  /** `namespace/pod`, or the UID where the dump has no names. */
  readonly pod: string
  readonly state: 'Up' | 'Pending'
  /** Open connections. */
  readonly inbound: number
  readonly outbound: number
}

/** Counts, lists and checks what a Rust ztunnel holds. Certificates themselves are never read. */
export function summarizeZtunnel(store: DumpStore): ZtunnelSummary {
  const config = readZtunnelConfig(store)
  const {localNode, clusterId, network} = config.settings
  return {
    proxy: {role: 'ztunnel', ...(localNode === undefined ? {} : {node: localNode}), ...versionOf(store, config.version)},
    counts: countsOf(config),
    warnings: config.warnings,
    ztunnel: {
      versionFrom: versionSource(config.version),
      network,
      clusterId,
      policies: policiesOf(config),
      certificates: config.certificates
        .map(({identity, state, expires}) => ({identity, state, ...(expires === undefined ? {} : {expires})}))
        .toSorted((a, b) => compareText(a.identity, b.identity)),
      ...capturedOf(config),
      findings: findingsOf(config, store).map((finding) => ({
        ...finding,
        items: finding.items.toSorted((a, b) => compareText(a.name, b.name)),
      })),
    },
  }
}

/** The exact release where the dump names it; `istioVersion` is "unknown" in development builds (ambient-ga I.15). */
function versionOf(store: DumpStore, {minor, from}: ZtunnelVersion): {readonly version: string} {
  if (from === 'markers') return {version: `ztunnel 1.${minor}`}
  const refs = [...store.refs('version')]
  const named = refs.flatMap((ref) => (/\/(istio_?version|git_?tag)$/i.test(ref.pointer) ? (store.read(ref).text() ?? []) : []))
  return {version: `ztunnel ${named.find((text) => /^v?1\.\d/.test(text))?.replace(/^v/, '') ?? `1.${minor}`}`}
}

function versionSource({from, marker}: ZtunnelVersion): string {
  return from === 'markers' ? `or later, by the newest field it prints: ${marker ?? ''}` : 'as the dump names it'
}

type Counted = SummaryCount['states'][number]

function countsOf(config: ZtunnelConfig): readonly SummaryCount[] {
  const {capturedPods, stagedServices, certificates} = config
  const available = state('available', certificates.filter((certificate) => certificate.state === 'Available').length)
  return [
    {kind: 'workloads', total: config.workloads.length, states: some(workloadStates(config))},
    {kind: 'services', total: config.services.length, states: some(serviceStates(config))},
    {kind: 'policies', total: config.policies.length, states: some(policyStates(config))},
    {kind: 'certificates', total: certificates.length, states: some([available])},
    ...(capturedPods === undefined ? [] : [{kind: 'captured pods', total: capturedPods.length, states: some([upOf(capturedPods)])}]),
    ...(stagedServices.length === 0 ? [] : [{kind: 'staged services', total: stagedServices.length, states: []}]),
  ]
}

function workloadStates({workloads, settings: {localNode}}: ZtunnelConfig): readonly Counted[] {
  return [
    state('HBONE', workloads.filter(({protocol}) => protocol === 'HBONE').length),
    state('TCP', workloads.filter(({protocol}) => protocol === 'TCP').length),
    state('on this node', localNode === undefined ? 0 : workloads.filter(({node}) => node === localNode).length),
    state('unhealthy', workloads.filter(({healthy}) => !healthy).length),
  ]
}

function serviceStates({services}: ZtunnelConfig): readonly Counted[] {
  const waypoint = services.filter((service) => service.waypoint !== undefined || service.weightedWaypoints.length > 0)
  return [
    state('with a waypoint', waypoint.length),
    state('without endpoints', services.filter(({endpoints}) => endpoints.length === 0).length),
  ]
}

function policyStates({policies}: ZtunnelConfig): readonly Counted[] {
  const enforced = policies.filter(({dryRun}) => !dryRun)
  return [
    state('ALLOW', enforced.filter(({action}) => action === 'Allow').length),
    state('DENY', enforced.filter(({action}) => action === 'Deny').length),
    state('dry run', policies.length - enforced.length),
  ]
}

function upOf(pods: NonNullable<ZtunnelConfig['capturedPods']>): Counted {
  return state('up', pods.filter(({up}) => up).length)
}

function state(name: string, count: number): Counted {
  return {state: name, count}
}

function some(states: readonly Counted[]): readonly Counted[] {
  return states.filter(({count}) => count > 0)
}

function policiesOf({policies}: ZtunnelConfig): readonly PolicySummary[] {
  return policies
    .map((policy) => ({
      name: policyKey(policy),
      action: policy.action,
      scope: policy.scope,
      rules: policy.rules.length,
      dryRun: policy.dryRun,
    }))
    .toSorted((a, b) => compareText(a.name, b.name))
}

function capturedOf({capturedPods}: ZtunnelConfig): Pick<ZtunnelDetails, 'captured'> {
  if (capturedPods === undefined) return {}
  const captured = capturedPods.map(({uid, name, namespace, up, inbound, outbound}) => ({
    pod: name === undefined ? uid : `${namespace ?? ''}/${name}`,
    state: up ? ('Up' as const) : ('Pending' as const),
    inbound,
    outbound,
  }))
  return {captured: captured.toSorted((a, b) => compareText(a.pod, b.pod))}
}
