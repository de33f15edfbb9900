import {z} from 'zod'
import {InputError} from '../../flow/errors.js'
import type {Place} from '../config/model.js'
import {foreignKind, foreignPolicy} from './foreign.js'
import type {Direction, NetworkPolicy, Policy, PolicyPeer, PolicyPort, PolicyRule} from './model.js'
import {policySchema, type PeerSpec, type PolicySpec, type PortSpec} from './schema.js'
import {selectorOf} from './selector.js'

/** A Kubernetes object, or a List of them, and where it starts. */
export interface PolicyDocument {
  readonly value: unknown
  readonly place: Place
  readonly pointer?: string
  /** The line of something inside it; that of the object where nobody knows. */
  readonly lineOf?: (path: readonly PropertyKey[]) => number
}

/**
 * The policies among Kubernetes objects: NetworkPolicies, and those of other kinds as far as it is known whom they select. Other
 * kinds are passed over. Sorted by namespace and name; of two with the same name the later one counts, as when they are applied.
 * @throws InputError with file, line and pointer of what is not as it should be in a NetworkPolicy
 */
export function readNetworkPolicies(documents: readonly PolicyDocument[]): readonly Policy[] {
  const read = documents.flatMap(objectsOf).map(policyOf)
  const byName = new Map(read.flatMap((policies) => policies.slice(0, 1).map((first) => [keyOf(first), policies])))
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, policies]) => policies)
}

function keyOf({namespace = '', name, unread = ''}: Policy): string {
  return `${namespace}/${name} ${unread}`
}

const head = z.looseObject({kind: z.string().optional(), apiVersion: z.string().optional()})
const list = z.looseObject({kind: z.string().optional(), items: z.array(z.unknown())})

/** Items of a NetworkPolicyList need not name their kind. */
function objectsOf({value, ...read}: PolicyDocument): readonly PolicyDocument[] {
  const parsed = list.safeParse(value)
  if (!parsed.success) return [{value, ...read}]
  const own = parsed.data.kind?.replace(/List$/, '') ?? ''
  return parsed.data.items.map((item, at) => itemOf({kind: own, item, at}, read))
}

interface Item {
  readonly kind: string
  readonly item: unknown
  readonly at: number
}

function itemOf({kind, item, at}: Item, read: Omit<PolicyDocument, 'value'>): PolicyDocument {
  const value: unknown = typeof item === 'object' && item !== null && kind !== '' ? {kind, ...item} : item
  const {lineOf} = read
  if (lineOf === undefined) return {...read, value}
  const inside = (path: readonly PropertyKey[]): number => lineOf(['items', at, ...path])
  return {...read, value, place: {...read.place, line: inside([])}, lineOf: inside}
}

function policyOf({value, ...read}: PolicyDocument): readonly Policy[] {
  const parsed = head.safeParse(value)
  if (!parsed.success) return []
  const {kind = 'NetworkPolicy', apiVersion = CURRENT} = parsed.data
  const {place, pointer} = read
  const foreign = foreignKind({kind, apiVersion})
  if (foreign !== undefined) return foreignPolicy(foreign, {value, place, ...(pointer === undefined ? {} : {pointer})})
  return kind === 'NetworkPolicy' ? [networkPolicy({value, ...read})] : []
}

const CURRENT = 'networking.k8s.io/v1'

function networkPolicy({value, place, pointer, lineOf}: PolicyDocument): NetworkPolicy {
  const parsed = policySchema.safeParse(value)
  if (!parsed.success) throw invalid(parsed.error, {value, place, lineOf: lineOf ?? (() => place.line)})
  const {metadata, spec} = parsed.data
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    place,
    ...(pointer === undefined ? {} : {pointer}),
    podSelector: selectorOf(spec?.podSelector),
    types: typesOf(spec ?? {}),
    ingress: (spec?.ingress ?? []).map((rule) => ruleOf(rule?.from, rule?.ports)),
    egress: (spec?.egress ?? []).map((rule) => ruleOf(rule?.to, rule?.ports)),
  }
}

function invalid(error: z.ZodError, {value, place, lineOf}: Required<Pick<PolicyDocument, 'value' | 'place' | 'lineOf'>>): InputError {
  const [first] = error.issues
  const path = [...(first?.path ?? []), ...(first?.code === 'unrecognized_keys' ? first.keys.slice(0, 1) : [])]
  return new InputError({
    what: `This is no NetworkPolicy: ${pointerTo(path)}`,
    file: place.file,
    line: lineOf(path),
    expected: first?.message,
    got: shown(path.reduce(memberOf, value)),
  })
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

/** Objects may hold themselves: YAML has references. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return shownKeys(Object.keys(value))
  return JSON.stringify(value).slice(0, LONGEST)
}

function shownKeys(keys: readonly string[]): string {
  return keys.length === 0 ? 'an empty object' : `an object of ${keys.join(', ')}`.slice(0, LONGEST)
}

const LONGEST = 200

/** RFC 6901. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** Without policyTypes: Ingress always, and Egress where the policy has an egress section with rules. */
function typesOf({policyTypes, egress}: PolicySpec): readonly Direction[] {
  if (policyTypes !== undefined && policyTypes !== null && policyTypes.length > 0) {
    return policyTypes.map((type) => (type === 'Ingress' ? 'ingress' : 'egress'))
  }
  return (egress ?? []).length > 0 ? ['ingress', 'egress'] : ['ingress']
}

function ruleOf(peers: readonly PeerSpec[] | null | undefined, ports: readonly PortSpec[] | null | undefined): PolicyRule {
  return {peers: (peers ?? []).map(peerOf), ports: (ports ?? []).map(portOf)}
}

function peerOf({ipBlock, namespaceSelector, podSelector}: PeerSpec): PolicyPeer {
  if (ipBlock !== undefined && ipBlock !== null) return {kind: 'block', cidr: ipBlock.cidr, except: ipBlock.except ?? []}
  return {
    kind: 'pods',
    ...(namespaceSelector === undefined || namespaceSelector === null ? {} : {namespaceSelector: selectorOf(namespaceSelector)}),
    ...(podSelector === undefined || podSelector === null ? {} : {podSelector: selectorOf(podSelector)}),
  }
}

function portOf({protocol, port: own, endPort}: PortSpec): PolicyPort {
  return {
    protocol: protocol ?? 'TCP',
    ...(own === undefined || own === null ? {} : {port: own}),
    ...(endPort === undefined || endPort === null ? {} : {endPort}),
  }
}
