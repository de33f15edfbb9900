import type {View} from '../../json/view.js'
import {localityText} from './locality.js'
import type {EnvoyNode} from './model.js'

type Role = EnvoyNode['role']

/** Who the proxy is, from `bootstrap.node` (envoy-2022 §0.8). */
export function readNode(bootstrap: View | undefined): EnvoyNode {
  const node = bootstrap?.get('node')
  const metadata = node?.get('metadata')
  const id = node?.str('id')
  const parts = parseNodeId(id)
  return {
    ...(id === undefined ? {} : {id}),
    ...(node === undefined ? {} : {cluster: node.str('cluster') ?? ''}),
    ...(parts.ip === undefined ? {} : {ip: parts.ip}),
    ...podOf(metadata, parts),
    ...placeOf(metadata),
    ...localityOf(node),
    role: roleOf(metadata, parts.type),
    ...(node === undefined ? {} : versionOf(node)),
  }
}

/** The identity that SDS secret `default` of this proxy holds: its own service account in the mesh's trust domain (envoy-2022 B.4). */
export function withIdentity(node: EnvoyNode, trustDomain: string | undefined): EnvoyNode {
  const {namespace, serviceAccount} = node
  return trustDomain === undefined || namespace === undefined || serviceAccount === undefined
    ? node
    : {...node, identity: `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`}
}

function placeOf(metadata: View | undefined): {nodeName?: string; serviceAccount?: string} {
  const nodeName = metadata?.str('NODE_NAME')
  const serviceAccount = metadata?.str('SERVICE_ACCOUNT')
  return {...(nodeName === undefined ? {} : {nodeName}), ...(serviceAccount === undefined ? {} : {serviceAccount})}
}

function localityOf(node: View | undefined): {locality?: string} {
  const locality = node?.get('locality')
  return locality === undefined ? {} : {locality: localityText(locality)}
}

function podOf(metadata: View | undefined, parts: IdParts): {pod?: string; namespace?: string} {
  const pod = metadata?.str('NAME') ?? parts.pod
  const namespace = metadata?.str('NAMESPACE') ?? parts.namespace
  return {...(pod === undefined ? {} : {pod}), ...(namespace === undefined ? {} : {namespace})}
}

interface IdParts {
  readonly type?: string
  readonly ip?: string
  readonly pod?: string
  readonly namespace?: string
}

/** `sidecar~<pod ip>~<pod>.<namespace>~<dns domain>`; a pod name has no dot. */
function parseNodeId(id: string | undefined): IdParts {
  const [type, ip, name, ...rest] = id?.split('~') ?? []
  if (type === undefined || ip === undefined || name === undefined || rest.length === 0) return {}
  const dot = name.indexOf('.')
  return {type, ip, ...(dot < 0 ? {pod: name} : {pod: name.slice(0, dot), namespace: name.slice(dot + 1)})}
}

/** Both 2022 proxies say `sidecar` in their id, so AMBIENT_TYPE and GENERATOR go first; `uproxy` and `pep` are the names before 2022-09-02 (envoy-2022 A.8). */
const ROLES: ReadonlyMap<string, Role> = new Map([
  ['ztunnel', 'ztunnel'],
  ['ztunnel-envoy', 'ztunnel'],
  ['uproxy', 'ztunnel'],
  ['uproxy-envoy', 'ztunnel'],
  ['waypoint', 'waypoint'],
  ['ambient-waypoint', 'waypoint'],
  ['pep', 'waypoint'],
  ['router', 'gateway'],
  ['sidecar', 'sidecar'],
])

function roleOf(metadata: View | undefined, idType: string | undefined): Role {
  const names = [metadata?.str('AMBIENT_TYPE'), metadata?.str('GENERATOR'), idType]
  return names.map((name) => ROLES.get(name ?? '')).find((role) => role !== undefined) ?? 'envoy'
}

/** What the proxy says of itself; else what its release of Istio ships. */
function versionOf(node: View): Pick<EnvoyNode, 'version' | 'atLeast'> {
  const version = readVersion(node)
  if (version !== undefined) return {version}
  const atLeast = oldestEnvoy(node.get('metadata')?.str('ISTIO_VERSION'))
  return atLeast === undefined ? {} : {atLeast}
}

function readVersion(node: View): EnvoyNode['version'] {
  const build = node.path('user_agent_build_version', 'version')
  const major = build?.num('major_number')
  if (build !== undefined && major !== undefined) return {major, minor: build.num('minor_number') ?? 0}
  const text = /(?:^|[^\d.])(\d+)\.(\d+)(?:\.\d+)?/.exec(node.str('user_agent_version') ?? '')
  return text === null ? undefined : {major: Number(text[1]), minor: Number(text[2])}
}

const ENVOY_AHEAD = 8

/**
 * Istio 1.N ships Envoy 1.(N+8), since 1.13; what is not yet released may still have the one before.
 * Source: envoy-2022 A.8 (1.16 and 1.24), ambient-ga D (1.32 and 1.40); the recordings pair 1.32-dev with 1.40, and 1.16-alpha.ambient
 * and 1.17-alpha.ambient with 1.24.
 */
function oldestEnvoy(istioVersion: string | undefined): EnvoyNode['atLeast'] {
  const [, minor, rest = ''] = /^1\.(\d{1,3})(.*)$/.exec(istioVersion ?? '') ?? []
  if (minor === undefined || Number(minor) < 13) return undefined
  return {major: 1, minor: Number(minor) + ENVOY_AHEAD - (/^(\.\d+)?(-rc\.\d+)?$/.test(rest) ? 0 : 1)}
}
