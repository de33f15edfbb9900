import {Flags, type Interfaces} from '@oclif/core'
import {UsageError} from '../flow/errors.js'
import {clusterFlags, concurrencyFlag, istioNamespaceFlag} from './cluster-flags.js'

export const recordFlags = {
  output: Flags.string({
    char: 'o',
    description: 'Pack the snapshot as FILE.tar.gz instead; until it is whole it lies in FILE.tar.gz.partial.',
    helpValue: 'FILE',
  }),
  for: Flags.string({
    description: 'Only what a trace from SRC to DST needs: the inventory, and the proxies on the way. Stands last.',
    helpValue: 'SRC DST',
    multiple: true,
    exclusive: ['sidecars', 'istiod'],
  }),
  namespace: Flags.string({
    char: 'n',
    description: 'Where names of --for without a namespace are looked up.',
    helpValue: 'NAMESPACE',
    dependsOn: ['for'],
  }),
  sidecars: Flags.boolean({description: 'Fetch the dumps of sidecars too.'}),
  capture: Flags.boolean({
    description: 'Record the packet rules of nodes and captured pods too, through pods of istio-cni (of nodes: or kube-proxy).',
  }),
  istiod: Flags.boolean({description: 'Record what istiod sends to whom too (its debug endpoints; nothing reads them yet).'}),
  ...istioNamespaceFlag,
  ...concurrencyFlag,
  ...clusterFlags,
}

export type RecordFlags = Interfaces.InferredFlags<typeof recordFlags>

/** What both ways of recording need to know. */
export function recordRequest(flags: RecordFlags, directory: string | undefined) {
  const {context, kubeconfig, concurrency, transport, timeout, output} = flags
  return {
    ...placeOf(directory, output),
    access: {context, kubeconfig},
    istioNamespace: flags['istio-namespace'],
    concurrency,
    transport,
    timeoutMs: timeout * 1000,
  }
}

/** The ends of the flow that is to be recorded. @throws UsageError unless there are two, or none. */
export function flowOf(ends: readonly string[] | undefined): {readonly source: string; readonly destination: string} | undefined {
  if (ends === undefined) return undefined
  const [source, destination, ...others] = ends
  if (source !== undefined && destination !== undefined && others.length === 0) return {source, destination}
  throw new UsageError({
    what: 'A flow has two ends.',
    where: '--for',
    expected: '--for SRC DST, behind everything else',
    got: ends.join(' '),
  })
}

/** A directory, or an archive with a directory beside it until it is whole. */
function placeOf(directory: string | undefined, archive: string | undefined): {readonly directory: string; readonly archive?: string} {
  if (archive === undefined && directory !== undefined) return {directory}
  const isArchive = archive !== undefined && /\.(?:tar\.gz|tgz)$/.test(archive)
  if (isArchive && directory === undefined) return {directory: `${archive}.partial`, archive}
  throw new UsageError({
    what: 'One place for the snapshot is needed.',
    expected: 'a DIRECTORY or -o FILE.tar.gz',
    got: archive ?? 'neither',
  })
}
