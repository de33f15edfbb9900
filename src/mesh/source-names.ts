import {isIP} from 'node:net'
import {compareText} from '../flow/compare-text.js'
import {fullName, type Directory, type MeshNode, type Workload} from './directory.js'
import {found, type Resolution} from './resolution.js'
import {similarNames} from './similar-names.js'

/** Who connects. */
export type Source =
  | {readonly kind: 'workload'; readonly workload: Workload}
  | {readonly kind: 'node'; readonly node: MeshNode}
  | {readonly kind: 'address'; readonly ip: string}
  | {readonly kind: 'outside'}

export interface NameQuery {
  readonly text: string
  /** The namespace of `-n`; names without a namespace are looked up there first. */
  readonly namespace: string
}

/**
 * What SRC means: `pod`, `ns/pod`, `deploy/x`, `sa/x`, `ip`, `node/x`, `external`, or the bare name of a workload (design §5).
 */
export function resolveSource(directory: Directory, query: NameQuery): Resolution<Source> {
  const {text, namespace} = query
  if (text === 'external') return found({kind: 'outside'})
  if (isIP(text) !== 0) return found(sourceAt(directory, text))
  const slash = text.indexOf('/')
  const prefix = text.slice(0, Math.max(slash, 0))
  const rest = text.slice(slash + 1)
  switch (KINDS.get(prefix)) {
    case 'node':
      return nodeNamed(directory, rest)
    case 'pod':
      return asSource(podNamed(directory, {text: rest, namespace}))
    case 'controller':
      return asSource(replicasOf({directory, query: {text: rest, namespace}}, (workload) => workload.controller))
    case 'account':
      return asSource(replicasOf({directory, query: {text: rest, namespace}}, (workload) => workload.serviceAccount))
    default:
      return asSource(workloadNamed(directory, query))
  }
}

/** A pod by its exact name: `x` in the namespace of the query, or `ns/x`. */
export function podNamed(directory: Directory, query: NameQuery): Resolution<Workload> {
  return choose({directory, query}, [(workload, name) => workload.name === name])
}

/** A workload as a user calls it: by pod name, controller, app label, pod name prefix, or service account. */
function workloadNamed(directory: Directory, query: NameQuery): Resolution<Workload> {
  return choose({directory, query}, [
    (workload, name) => workload.name === name,
    (workload, name) => workload.controller === name,
    (workload, name) => workload.labels.get('app') === name || workload.labels.get('app.kubernetes.io/name') === name,
    (workload, name) => workload.name.startsWith(`${name}-`),
    (workload, name) => workload.serviceAccount === name && workload.role === 'app',
  ])
}

const KINDS: ReadonlyMap<string, 'node' | 'pod' | 'controller' | 'account'> = new Map([
  ['node', 'node'],
  ['pod', 'pod'],
  ['po', 'pod'],
  ['deploy', 'controller'],
  ['deployment', 'controller'],
  ['sts', 'controller'],
  ['statefulset', 'controller'],
  ['ds', 'controller'],
  ['daemonset', 'controller'],
  ['sa', 'account'],
  ['serviceaccount', 'account'],
] as const)

interface Lookup {
  readonly directory: Directory
  readonly query: NameQuery
}

type Test = (workload: Workload, name: string) => boolean

/** The first test that fits anything decides; the own namespace goes before all others. */
function choose({directory, query}: Lookup, tests: readonly Test[]): Resolution<Workload> {
  const {name, scopes} = scopesOf(directory, query)
  for (const scope of scopes) {
    for (const test of tests) {
      const fitting = scope.filter((workload) => test(workload, name))
      const [only] = fitting
      if (only !== undefined) {
        return fitting.length === 1
          ? found(only)
          : {kind: 'ambiguous', text: query.text, candidates: fitting.map(fullName).toSorted(compareText)}
      }
    }
  }
  return unknownWorkload(directory, query.text)
}

/** All replicas are alike in name and identity: the first by name stands for them, and the others are named. */
function replicasOf({directory, query}: Lookup, key: (workload: Workload) => string | undefined): Resolution<Workload> {
  const {name, scopes} = scopesOf(directory, query)
  for (const scope of scopes) {
    const replicas = scope.filter((workload) => key(workload) === name).toSorted((a, b) => compareText(fullName(a), fullName(b)))
    const namespaces = [...new Set(replicas.map((workload) => workload.namespace))]
    if (namespaces.length > 1) {
      return {kind: 'ambiguous', text: query.text, candidates: namespaces.map((namespace) => `${namespace}/${name}`)}
    }
    const [first, ...others] = replicas
    if (first !== undefined) return found(first, replicaNote(first, others))
  }
  return unknownWorkload(directory, query.text)
}

function replicaNote(first: Workload, others: readonly Workload[]): readonly string[] {
  return others.length === 0 ? [] : [`took pod ${fullName(first)}; the other replicas are ${others.map(fullName).join(', ')}`]
}

/** `ns/x` looks in that namespace only; `x` in the given one, then everywhere. */
function scopesOf(directory: Directory, query: NameQuery): {name: string; scopes: readonly (readonly Workload[])[]} {
  const slash = query.text.indexOf('/')
  const inNamespace = (namespace: string): readonly Workload[] => directory.workloads.filter((workload) => workload.namespace === namespace)
  if (slash >= 0) return {name: query.text.slice(slash + 1), scopes: [inNamespace(query.text.slice(0, slash))]}
  return {name: query.text, scopes: [inNamespace(query.namespace), directory.workloads]}
}

/** Pods on the host network share the address of their node, so the node is meant. */
function sourceAt(directory: Directory, ip: string): Source {
  const workload = directory.podAt(ip)
  if (workload !== undefined) return {kind: 'workload', workload}
  const node = directory.nodeAt(ip)
  return node === undefined ? {kind: 'address', ip} : {kind: 'node', node}
}

function nodeNamed(directory: Directory, name: string): Resolution<Source> {
  const node = directory.node(name)
  if (node !== undefined) return found({kind: 'node', node})
  const names = directory.nodes.map((each) => each.name)
  return {
    kind: 'unknown',
    text: `node/${name}`,
    why: 'no node has this name',
    suggestions: similarNames(name, names).map((each) => `node/${each}`),
  }
}

function unknownWorkload(directory: Directory, text: string): Resolution<Workload> {
  const slash = text.indexOf('/')
  const names = directory.workloads.flatMap((workload) =>
    slash >= 0 ? [fullName(workload)] : [workload.controller ?? workload.name, workload.name],
  )
  return {
    kind: 'unknown',
    text,
    why: 'no pod, controller, app label or service account has this name',
    suggestions: similarNames(text, names),
  }
}

function asSource(resolution: Resolution<Workload>): Resolution<Source> {
  return resolution.kind === 'found' ? {...resolution, value: {kind: 'workload', workload: resolution.value}} : resolution
}
