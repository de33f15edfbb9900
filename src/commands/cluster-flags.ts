import {Flags} from '@oclif/core'
import {TRANSPORTS, type Transport} from '../cluster/transport-arguments.js'

const CLUSTER = 'CLUSTER'
const ISTIO_NAMESPACE = 'istio-system'

/** Which live cluster is asked, and for how long. */
export const accessFlags = {
  context: Flags.string({description: 'Context of the kubeconfig.', helpGroup: CLUSTER}),
  kubeconfig: Flags.string({description: 'The kubeconfig.', helpGroup: CLUSTER, helpValue: 'FILE'}),
  timeout: Flags.integer({description: 'Seconds one kubectl may take.', default: 60, min: 1, max: 3600, helpGroup: CLUSTER}),
}

/** How a live cluster is reached; the same in every command that fetches dumps of one. */
export const clusterFlags = {
  ...accessFlags,
  transport: Flags.option({
    description: 'The only way to take into a pod (default: what works).',
    helpGroup: CLUSTER,
    options: TRANSPORTS,
  })(),
}

export const concurrencyFlag = {
  concurrency: Flags.integer({description: 'How many kubectls run at once.', default: 8, min: 1, max: 64, helpGroup: CLUSTER}),
}

/** Where istiod is. */
export const istioNamespaceFlag = {
  'istio-namespace': Flags.string({
    description: 'Namespace of istiod.',
    default: ISTIO_NAMESPACE,
    helpGroup: CLUSTER,
    helpValue: 'NAMESPACE',
  }),
}

/** Proxies of a live cluster as the source of answers. */
export const proxyFlags = {
  save: Flags.string({
    description: 'Keep what was fetched of the live cluster as a snapshot in this new directory.',
    helpGroup: CLUSTER,
    helpValue: 'DIR',
  }),
  ...clusterFlags,
  namespace: Flags.string({
    char: 'n',
    description: 'Where names without a namespace are looked up first (default: as the context or the recording says, else default).',
    helpValue: 'NAMESPACE',
  }),
}

/** A live cluster as the source of answers. */
export const liveFlags = {...proxyFlags, ...istioNamespaceFlag}

/** Packet rules of a live cluster. */
export const rulesFlag = {
  capture: Flags.boolean({
    description: 'Fetch the packet rules of the nodes and captured pods on the way too, through pods of istio-cni.',
    helpGroup: CLUSTER,
  }),
}

interface LiveFlags {
  readonly capture?: boolean
  readonly save?: string | undefined
  readonly context?: string | undefined
  readonly kubeconfig?: string | undefined
  readonly transport?: Transport | undefined
  readonly timeout: number
  readonly 'istio-namespace'?: string
  readonly namespace?: string | undefined
}

/** Those of the given flags that mean a live cluster and nothing else. */
export function liveOnly(flags: LiveFlags): readonly string[] {
  const names = ['save', 'context', 'kubeconfig', 'transport', 'capture'] as const
  return names.flatMap((name) => (flags[name] === undefined ? [] : `--${name}`))
}

/** How many kubectls run at once, where nobody says. */
const CONCURRENCY = 8

/** What the flags say about the live cluster. */
export function liveRequest({save, context, kubeconfig, transport, timeout, namespace, ...flags}: LiveFlags) {
  return {
    directory: save,
    access: {context, kubeconfig},
    transport,
    timeoutMs: timeout * 1000,
    istioNamespace: flags['istio-namespace'] ?? ISTIO_NAMESPACE,
    namespace,
    concurrency: CONCURRENCY,
  }
}
