import {Flags, type Interfaces} from '@oclif/core'
import {DUMPED_KINDS} from '../app/dumped-kinds.js'
import {clusterFlags, concurrencyFlag} from './cluster-flags.js'

export const dumpFlags = {
  file: Flags.string({char: 'f', description: 'Read a saved dump instead; - is standard input.', helpValue: 'FILE'}),
  output: Flags.string({
    char: 'o',
    description: 'raw: the bytes as they are; summary: what it holds, counted; json: the same as JSON.',
    options: ['raw', 'summary', 'json'],
    default: 'raw',
  }),
  jsonpath: Flags.string({
    description: 'Print what this path selects, one JSON value per line; private keys and tokens as [redacted].',
    helpValue: 'PATH',
  }),
  'output-file': Flags.string({description: 'Save the bytes in FILE, whole or not at all.', helpValue: 'FILE'}),
  all: Flags.option({
    description: 'Save the dumps of every proxy of a kind, in the namespace or everywhere.',
    options: DUMPED_KINDS,
    dependsOn: ['output-dir'],
    exclusive: ['file', 'jsonpath', 'output-file', 'container'],
  })(),
  'output-dir': Flags.string({
    description: 'Where --all puts them: a directory that --snapshot reads.',
    helpValue: 'DIR',
    dependsOn: ['all'],
  }),
  ...concurrencyFlag,
  ...clusterFlags,
  namespace: Flags.string({char: 'n', description: 'Namespace of the pod.', helpGroup: 'CLUSTER'}),
  container: Flags.string({char: 'c', description: 'Container of the proxy (default: as the pod says).', helpGroup: 'CLUSTER'}),
}

export type DumpFlags = Interfaces.InferredFlags<typeof dumpFlags>

/** What is said about the cluster, for one dump and for many. */
export function clusterOf({context, kubeconfig, namespace, transport, timeout}: DumpFlags) {
  return {access: {context, kubeconfig, namespace}, transport, timeoutMs: timeout * 1000}
}
