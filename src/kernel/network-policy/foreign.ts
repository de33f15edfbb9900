import {z} from 'zod'
import {calicoSelector} from './calico-selector.js'
import type {Direction, LabelSelector, UnreadPolicy} from './model.js'
import {selectorSchema} from './schema.js'
import {selectorOf} from './selector.js'

interface ForeignKind {
  /** As people call it. */
  readonly name: string
  readonly read: (value: unknown) => readonly Selection[]
}

/** Whom a policy selects, as far as that is known, and for what. */
type Selection = Pick<UnreadPolicy, 'types' | 'subject'>

/** Kinds beside NetworkPolicy that keep connections from pods. Undefined for what is none of them. */
export function foreignKind({kind, apiVersion}: {readonly kind: string; readonly apiVersion: string}): ForeignKind | undefined {
  const [group = ''] = apiVersion.split('/')
  const known = KINDS.get(`${group} ${kind}`)
  if (known !== undefined) return known
  const isOwn = kind !== 'NetworkPolicy' || OWN_GROUPS.has(group)
  return isOwn ? undefined : {name: `NetworkPolicy of ${group}`, read: readUnknown}
}

const OWN_GROUPS: ReadonlySet<string> = new Set(['networking.k8s.io', 'extensions'])

/** One entry for each part of a policy that selects pods. */
export function foreignPolicy(
  {name: unread, read}: ForeignKind,
  {value, ...from}: {readonly value: unknown} & Pick<UnreadPolicy, 'place' | 'pointer'>,
): readonly UnreadPolicy[] {
  const {metadata} = named.parse(value)
  const {name, namespace} = metadata
  return read(value).map((selection) => ({unread, name, ...(namespace === undefined ? {} : {namespace}), ...from, ...selection}))
}

const named = z.looseObject({
  metadata: z
    .looseObject({name: z.string().catch('(no name)'), namespace: z.string().optional().catch(undefined)})
    .catch({name: '(no name)'}),
})

const BOTH: readonly Direction[] = ['ingress', 'egress']
const ALL: LabelSelector = []

function readUnknown(): readonly Selection[] {
  return [{types: BOTH}]
}

const rules = z.array(z.unknown()).nullish()

const cilium = z.looseObject({
  endpointSelector: selectorSchema.nullish(),
  nodeSelector: z.unknown().optional(),
  ingress: rules,
  ingressDeny: rules,
  egress: rules,
  egressDeny: rules,
})
const ciliumPolicy = z.looseObject({spec: cilium.nullish(), specs: z.array(cilium).nullish()})

/** Source: docs.cilium.io, Layer 3 policies: what has a node selector means no pods; a section that is absent opens nothing and closes nothing. */
function readCilium(value: unknown): readonly Selection[] {
  const parsed = ciliumPolicy.safeParse(value)
  if (!parsed.success) return readUnknown()
  const {spec, specs} = parsed.data
  return [...(isGiven(spec) ? [spec] : []), ...(specs ?? [])].flatMap((one) => {
    const types = [...typed('ingress', [one.ingress, one.ingressDeny]), ...typed('egress', [one.egress, one.egressDeny])]
    return isGiven(one.nodeSelector) && !isGiven(one.endpointSelector) ? [] : [{types, ...ciliumSubject(selectorOf(one.endpointSelector))}]
  })
}

/** Labels may have the source they come from before them; some are no labels of pods. */
function ciliumSubject(selector: LabelSelector): Pick<Selection, 'subject'> {
  const pods = selector.map((requirement) => ({...requirement, key: requirement.key.replace(/^(k8s|any)[:.]/, '')}))
  const isPlain = pods.every(({key}) => !key.includes(':') && !key.startsWith('io.kubernetes.pod.') && !key.startsWith('io.cilium.'))
  return isPlain ? {subject: {pods, namespaces: ALL}} : {}
}

const adminPolicy = z.looseObject({
  spec: z.looseObject({
    subject: z.looseObject({
      namespaces: selectorSchema.nullish(),
      pods: z.looseObject({namespaceSelector: selectorSchema.nullish(), podSelector: selectorSchema.nullish()}).nullish(),
    }),
    ingress: rules,
    egress: rules,
  }),
})

/** Source: network-policy-api.sigs.k8s.io, AdminNetworkPolicySubject. */
function readAdmin(value: unknown): readonly Selection[] {
  const parsed = adminPolicy.safeParse(value)
  if (!parsed.success) return readUnknown()
  const {subject, ingress, egress} = parsed.data.spec
  const types = [...typed('ingress', [ingress]), ...typed('egress', [egress])].filter((type) => ({ingress, egress})[type]?.length !== 0)
  const namespaces = selectorOf(subject.pods?.namespaceSelector ?? subject.namespaces)
  return [{types, subject: {pods: selectorOf(subject.pods?.podSelector), namespaces}}]
}

const calico = z.looseObject({
  spec: z.looseObject({
    selector: z.string().nullish(),
    namespaceSelector: z.string().nullish(),
    serviceAccountSelector: z.string().nullish(),
    types: z.array(z.enum(['Ingress', 'Egress'])).nullish(),
    ingress: rules,
    egress: rules,
  }),
})

/** Source: docs.tigera.io, network policy: without types those of the rules, and ingress where there are none. */
function readCalico(value: unknown): readonly Selection[] {
  const parsed = calico.safeParse(value)
  if (!parsed.success) return readUnknown()
  const {spec} = parsed.data
  return [{types: calicoTypes(spec), ...calicoSubject(spec)}]
}

type CalicoSpec = z.infer<typeof calico>['spec']

function calicoTypes({types, ingress, egress}: CalicoSpec): readonly Direction[] {
  const told = (types ?? []).map((type) => (type === 'Ingress' ? 'ingress' : 'egress'))
  const implied = [...typed('ingress', [ingress]), ...typed('egress', [egress])]
  return [told, implied, ['ingress'] as const].find(({length}) => length > 0) ?? []
}

function calicoSubject({selector, namespaceSelector, serviceAccountSelector}: CalicoSpec): Pick<Selection, 'subject'> {
  const pods = calicoSelector(selector ?? '')
  const namespaces = calicoSelector(namespaceSelector ?? '')
  const isPlain = pods !== undefined && namespaces !== undefined && (serviceAccountSelector ?? '') === ''
  return isPlain ? {subject: {pods, namespaces}} : {}
}

function typed(direction: Direction, sections: readonly unknown[]): readonly Direction[] {
  return sections.some(isGiven) ? [direction] : []
}

function isGiven<Value>(value: Value): value is NonNullable<Value> {
  return value !== undefined && value !== null
}

const KINDS: ReadonlyMap<string, ForeignKind> = new Map([
  ['cilium.io CiliumNetworkPolicy', {name: 'CiliumNetworkPolicy', read: readCilium}],
  ['cilium.io CiliumClusterwideNetworkPolicy', {name: 'CiliumClusterwideNetworkPolicy', read: readCilium}],
  ['policy.networking.k8s.io AdminNetworkPolicy', {name: 'AdminNetworkPolicy', read: readAdmin}],
  ['policy.networking.k8s.io BaselineAdminNetworkPolicy', {name: 'BaselineAdminNetworkPolicy', read: readAdmin}],
  ['policy.networking.k8s.io ClusterNetworkPolicy', {name: 'ClusterNetworkPolicy', read: readAdmin}],
  ...['projectcalico.org', 'crd.projectcalico.org'].flatMap((group) => [
    [`${group} NetworkPolicy`, {name: 'Calico NetworkPolicy', read: readCalico}] as const,
    [`${group} GlobalNetworkPolicy`, {name: 'Calico GlobalNetworkPolicy', read: readCalico}] as const,
  ]),
  ['crd.antrea.io NetworkPolicy', {name: 'Antrea NetworkPolicy', read: readUnknown}],
  ['crd.antrea.io ClusterNetworkPolicy', {name: 'Antrea ClusterNetworkPolicy', read: readUnknown}],
])
