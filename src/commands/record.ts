import {Args} from '@oclif/core'
import {recordSnapshot} from '../app/record.js'
import {recordFor} from '../app/record-for.js'
import {renderRecorded} from '../render/recorded.js'
import {BaseCommand} from './base.js'
import {flowOf, recordFlags, recordRequest} from './record-flags.js'

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
    '<%= config.bin %> record -o sleep.tar.gz --for sleep productpage:9080',
    '<%= config.bin %> record recorded --capture --concurrency 4',
  ]

  static override args = {
    directory: Args.string({description: 'Where the snapshot goes: a new directory, or one to go on with.'}),
  }

  static override flags = recordFlags

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Record)
    const {sidecars, capture, istiod, namespace} = flags
    const request = {
      ...recordRequest(flags, args.directory),
      capture,
      cancelSignal: this.cancelSignal(),
      version: this.config.version,
      warn: (warning: string) => this.warn(warning),
    }
    const flow = flowOf(flags.for)
    const result = await (flow === undefined
      ? recordSnapshot({...request, sidecars, istiod, progress: (text, place) => this.step(text, place)})
      : recordFor({...request, ...flow, namespace, progress: (line) => this.progress(line)}))
    this.conclude(result.outlook)
    await this.print(renderRecorded(result))
    return result
  }
}
