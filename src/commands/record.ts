import {Args, Flags} from '@oclif/core'
import {recordSnapshot} from '../app/record.js'
import {UsageError} from '../flow/errors.js'
import {renderRecorded} from '../render/recorded.js'
import {BaseCommand} from './base.js'
import {clusterFlags, concurrencyFlag, istioNamespaceFlag} from './cluster-flags.js'

/** A snapshot of a live cluster. */
export class Record extends BaseCommand {
  static override summary = 'Record a live cluster as a snapshot.'
  static override description =
    `Fetches the dumps of all ztunnels, waypoints and gateways through kubectl, and the inventory, into a directory that --snapshot reads.
Nothing is written to the cluster. What cannot be had is listed in snapshot.json with the command that failed, and the exit code is 1;
the same command again fetches only what is missing.`

  static override examples = [
    '<%= config.bin %> record recorded',
    '<%= config.bin %> record -o prod-eu.tar.gz',
    '<%= config.bin %> record recorded --context prod-eu --sidecars',
    '<%= config.bin %> record recorded --capture --concurrency 4',
  ]

  static override args = {
    directory: Args.string({description: 'Where the snapshot goes: a new directory, or one to go on with.'}),
  }

  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'Pack the snapshot as FILE.tar.gz instead; until it is whole it lies in FILE.tar.gz.partial.',
      helpValue: 'FILE',
    }),
    sidecars: Flags.boolean({description: 'Fetch the dumps of sidecars too.'}),
    capture: Flags.boolean({description: 'Record the packet rules of the nodes too, through their istio-cni or kube-proxy pods.'}),
    ...istioNamespaceFlag,
    ...concurrencyFlag,
    ...clusterFlags,
  }

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Record)
    const {context, kubeconfig, sidecars, capture, concurrency, transport, timeout} = flags
    const result = await recordSnapshot({
      ...placeOf(args.directory, flags.output),
      access: {context, kubeconfig},
      istioNamespace: flags['istio-namespace'],
      sidecars,
      capture,
      concurrency,
      transport,
      timeoutMs: timeout * 1000,
      cancelSignal: this.cancelSignal(),
      version: this.config.version,
      progress: (line) => this.progress(line),
      warn: (warning) => this.warn(warning),
    })
    this.conclude(result.outlook)
    await this.print(renderRecorded(result))
    return result
  }
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
