import {z} from 'zod'
import {InputError} from '../../flow/errors.js'
import {parsePrefix, type Prefix} from '../config/ip.js'
import type {Place} from '../config/model.js'
import type {Direction, LabelSelector, NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule} from './model.js'

/** A Kubernetes object, or a List of them, and where it starts. */
export interface PolicyDocument {
  readonly value: unknown
  readonly place: Place
  readonly pointer?: string
}

/**
 * The NetworkPolicies among Kubernetes objects; other kinds are passed over. Sorted by namespace and name.
 * @throws InputError with file and line of the object that is no NetworkPolicy
 */
export function readNetworkPolicies(documents: readonly PolicyDocument[]): readonly NetworkPolicy[] {
  const policies = documents.flatMap(({value, ...read}) => objectsOf(value).flatMap((object) => policyOf(object, read)))
  const key = ({namespace, name}: NetworkPolicy): string => `${namespace}/${name}`
  return policies.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

const kind = z.looseObject({kind: z.string().optional(), apiVersion: z.string().optional()})
const list = z.looseObject({items: z.array(z.unknown())})

function objectsOf(value: unknown): readonly unknown[] {
  const items = list.safeParse(value)
  return items.success ? items.data.items : [value]
}

const expression = z.looseObject({
  key: z.string(),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(z.string()).nullish(),
})
const selector = z.looseObject({matchLabels: z.record(z.string(), z.string()).nullish(), matchExpressions: z.array(expression).nullish()})
const cidr = z.string().refine((text) => text.includes('/') && prefixOf(text) !== undefined, 'no CIDR')
const peer = z.looseObject({
  ipBlock: z.looseObject({cidr, except: z.array(cidr).nullish()}).nullish(),
  namespaceSelector: selector.nullish(),
  podSelector: selector.nullish(),
})
const port = z.looseObject({
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).nullish(),
  port: z.union([z.int().min(0).max(65_535), z.string()]).nullish(),
  endPort: z.int().min(0).max(65_535).nullish(),
})
const ingressRule = z.looseObject({from: z.array(peer).nullish(), ports: z.array(port).nullish()})
const egressRule = z.looseObject({to: z.array(peer).nullish(), ports: z.array(port).nullish()})
const policySchema = z.looseObject({
  metadata: z.looseObject({name: z.string(), namespace: z.string().default('default')}),
  spec: z.looseObject({
    podSelector: selector.default({}),
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])).nullish(),
    ingress: z.array(ingressRule.nullable()).nullish(),
    egress: z.array(egressRule.nullable()).nullish(),
  }),
})

type Spec = z.infer<typeof policySchema>['spec']

function policyOf(value: unknown, read: Omit<PolicyDocument, 'value'>): readonly NetworkPolicy[] {
  const head = kind.safeParse(value)
  // Items of a NetworkPolicyList need not name their kind.
  if (!head.success || (head.data.kind !== undefined && head.data.kind !== 'NetworkPolicy')) return []
  const parsed = policySchema.safeParse(value)
  if (!parsed.success) throw invalid(parsed.error, read.place)
  const {metadata, spec} = parsed.data
  return [
    {
      name: metadata.name,
      namespace: metadata.namespace,
      ...read,
      podSelector: selectorOf(spec.podSelector),
      types: typesOf(spec),
      ingress: (spec.ingress ?? []).map((rule) => ruleOf(rule?.from, rule?.ports)),
      egress: (spec.egress ?? []).map((rule) => ruleOf(rule?.to, rule?.ports)),
    },
  ]
}

function invalid(error: z.ZodError, {file, line}: Place): InputError {
  return new InputError({
    what: 'This is no NetworkPolicy.',
    file,
    line,
    expected: 'networking.k8s.io/v1 NetworkPolicy',
    got: z.prettifyError(error),
  })
}

/** Without policyTypes: Ingress always, and Egress where the policy has an egress section with rules. */
function typesOf({policyTypes, egress}: Spec): readonly Direction[] {
  if (policyTypes !== undefined && policyTypes !== null && policyTypes.length > 0) {
    return policyTypes.map((type) => (type === 'Ingress' ? 'ingress' : 'egress'))
  }
  return (egress ?? []).length > 0 ? ['ingress', 'egress'] : ['ingress']
}

function ruleOf(
  peers: readonly z.infer<typeof peer>[] | null | undefined,
  ports: readonly z.infer<typeof port>[] | null | undefined,
): PolicyRule {
  return {peers: (peers ?? []).map(peerOf), ports: (ports ?? []).map(portOf)}
}

function peerOf({ipBlock, namespaceSelector, podSelector}: z.infer<typeof peer>): PolicyPeer {
  if (ipBlock !== undefined && ipBlock !== null) {
    return {kind: 'block', cidr: block(ipBlock.cidr), except: (ipBlock.except ?? []).map(block)}
  }
  return {
    kind: 'pods',
    ...(namespaceSelector === undefined || namespaceSelector === null ? {} : {namespaceSelector: selectorOf(namespaceSelector)}),
    ...(podSelector === undefined || podSelector === null ? {} : {podSelector: selectorOf(podSelector)}),
  }
}

function portOf({protocol, port: own, endPort}: z.infer<typeof port>): PolicyPort {
  return {
    protocol: protocol ?? 'TCP',
    ...(own === undefined || own === null ? {} : {port: own}),
    ...(endPort === undefined || endPort === null ? {} : {endPort}),
  }
}

function selectorOf({matchLabels, matchExpressions}: z.infer<typeof selector>): LabelSelector {
  const labels = Object.entries(matchLabels ?? {}).map(([key, value]) => ({key, operator: 'In' as const, values: [value]}))
  return [...labels, ...(matchExpressions ?? []).map(({key, operator, values}) => ({key, operator, values: values ?? []}))]
}

function prefixOf(text: string): Prefix | undefined {
  return parsePrefix(text, text.includes(':') ? 6 : 4)
}

/** The schema has let only readable blocks pass. */
function block(text: string): Prefix {
  return prefixOf(text) ?? {family: 4, value: 0n, length: 32}
}
