import {z} from 'zod'
import {parsePrefix, type Prefix} from '../config/ip.js'

// Members that are not known are refused: in a rule a misspelt one would admit everybody.
// Source of the limits: pkg/apis/networking/validation of Kubernetes.

const text = z.string('a text')
const expression = z
  .strictObject({
    key: text.min(1, 'the key of a label'),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist'], 'In, NotIn, Exists or DoesNotExist'),
    values: z.array(text, 'a list of texts').nullish(),
  })
  .refine(({operator, values}) => takesValues(operator) === (values ?? []).length > 0, {
    path: ['values'],
    error: 'values for In and NotIn, none for Exists and DoesNotExist',
  })

function takesValues(operator: string): boolean {
  return operator === 'In' || operator === 'NotIn'
}

const LABELS = 'labels: text to text'
const labels = z
  .unknown()
  // A record of zod passes this key over, and a selector that requires less selects more.
  .refine((value) => typeof value !== 'object' || value === null || !Object.hasOwn(value, '__proto__'), LABELS)
  .pipe(
    z.record(
      z.string(),
      text.nullable().transform((value) => value ?? ''),
      LABELS,
    ),
  )
export const selectorSchema = z.strictObject(
  {matchLabels: labels.nullish(), matchExpressions: z.array(expression, 'a list of expressions').nullish()},
  object('a label selector'),
)

const cidr = text.transform((value, context): Prefix => {
  const prefix = value.includes('/') ? parsePrefix(value, value.includes(':') ? 6 : 4) : undefined
  if (prefix !== undefined) return prefix
  context.addIssue({code: 'custom', message: 'a CIDR such as 10.0.0.0/8'})
  return z.NEVER
})

const block = z
  .strictObject({cidr, except: z.array(cidr, 'a list of CIDRs').nullish()}, object('cidr and except'))
  .superRefine(({cidr: whole, except}, context) => {
    for (const [at, part] of (except ?? []).entries()) {
      if (!isInside(part, whole)) context.addIssue({code: 'custom', path: ['except', at], message: 'a CIDR inside that of the block'})
    }
  })

function isInside(part: Prefix, whole: Prefix): boolean {
  const drop = BigInt((whole.family === 4 ? 32 : 128) - whole.length)
  return part.family === whole.family && part.length > whole.length && part.value >> drop === whole.value >> drop
}

const peer = z
  .strictObject(
    {ipBlock: block.nullish(), namespaceSelector: selectorSchema.nullish(), podSelector: selectorSchema.nullish()},
    object('ipBlock, or namespaceSelector and podSelector'),
  )
  .refine(({ipBlock, namespaceSelector, podSelector}) => isGiven(ipBlock) !== (isGiven(namespaceSelector) || isGiven(podSelector)), {
    error: 'either ipBlock, or namespaceSelector and podSelector',
  })

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

const PORT = 'a port from 1 to 65535, or the name of one'
const portNumber = z.int(PORT).min(1, PORT).max(65_535, PORT)
/** RFC 6335, as Kubernetes writes it: with one letter at least. */
const portName = z
  .string()
  .regex(/^(?=.*[a-z])[a-z0-9](-?[a-z0-9])*$/, PORT)
  .max(15, PORT)

const port = z
  .strictObject(
    {
      protocol: z.enum(['TCP', 'UDP', 'SCTP'], 'TCP, UDP or SCTP').nullish(),
      port: z.union([portNumber, portName], PORT).nullish(),
      endPort: portNumber.nullish(),
    },
    object('protocol, port and endPort'),
  )
  .refine(({port: first, endPort}) => !isGiven(endPort) || (typeof first === 'number' && first <= (endPort ?? 0)), {
    path: ['endPort'],
    error: 'the end of a range that starts with the number of port',
  })

const peers = z.array(peer, 'a list of peers').nullish()
const ports = z.array(port, 'a list of ports').nullish()
const ingressRule = z.strictObject({from: peers, ports}, object('from and ports')).nullable()
const egressRule = z.strictObject({to: peers, ports}, object('to and ports')).nullable()

const spec = z.strictObject(
  {
    podSelector: selectorSchema.nullish(),
    policyTypes: z.array(z.enum(['Ingress', 'Egress'], 'Ingress or Egress'), 'a list of Ingress and Egress').nullish(),
    ingress: z.array(ingressRule, 'a list of rules').nullish(),
    egress: z.array(egressRule, 'a list of rules').nullish(),
  },
  object('podSelector, policyTypes, ingress and egress'),
)

export const policySchema = z.looseObject({
  metadata: z.looseObject({name: text.min(1, 'a name'), namespace: text.default('default')}, 'name and namespace'),
  spec: spec.nullish(),
})

export type PolicySpec = z.infer<typeof spec>
export type PeerSpec = z.infer<typeof peer>
export type PortSpec = z.infer<typeof port>
export type SelectorSpec = z.infer<typeof selectorSchema>

/** What is expected of an object, also where it has a member too many. */
function object(members: string): {readonly error: string} {
  return {error: members}
}
