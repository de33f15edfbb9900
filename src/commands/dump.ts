import {Args, Flags} from '@oclif/core'
import {drain, fetchDump, readMatches, readSummary, type FetchedDump} from '../app/dump.js'
import {parsePath, type PathToken} from '../app/jsonpath/parse-path.js'
import {renderDumpSummary} from '../render/dump-summary.js'
import {jsonLine} from '../render/json-line.js'
import {BaseCommand} from './base.js'
import {clusterFlags} from './cluster-flags.js'

/** The config dump of one proxy. */
export class Dump extends BaseCommand {
  static override summary = 'Print the config dump of a proxy.'
  static override description =
    `Fetches the dump through kubectl, endpoints included, and prints it byte for byte; or reads a saved one. An application stands for
the ztunnel of its node. A dump that did not arrive whole is an error.`

  static override examples = [
    '<%= config.bin %> dump istio-system/ztunnel-hptxk --output-file ztunnel-hptxk.json',
    '<%= config.bin %> dump waypoint-7d9f -n default -o summary',
    '<%= config.bin %> dump -f z.json --jsonpath "$..dynamic_listeners[*].name"',
  ]

  static override args = {pod: Args.string({description: 'POD, NAMESPACE/POD or deploy/NAME.'})}

  static override flags = {
    file: Flags.string({char: 'f', description: 'Read a saved dump instead; - is standard input.', helpValue: 'FILE'}),
    output: Flags.string({
      char: 'o',
      description: 'raw: the bytes as they are; summary: what it holds, counted; json: the same as JSON.',
      options: ['raw', 'summary', 'json'],
      default: 'raw',
    }),
    jsonpath: Flags.string({description: 'Print what this path selects, one JSON value per line.', helpValue: 'PATH'}),
    'output-file': Flags.string({description: 'Save the bytes in FILE, whole or not at all.', helpValue: 'FILE'}),
    ...clusterFlags,
    namespace: Flags.string({char: 'n', description: 'Namespace of the pod.', helpGroup: 'CLUSTER'}),
    container: Flags.string({char: 'c', description: 'Container of the proxy (default: as the pod says).', helpGroup: 'CLUSTER'}),
  }

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Dump)
    const {context, kubeconfig, namespace, container, transport, timeout, file, output, jsonpath} = flags
    const path = jsonpath === undefined ? undefined : parsePath(jsonpath)
    const dump = fetchDump({
      pod: args.pod,
      file,
      container,
      transport,
      access: {context, kubeconfig, namespace},
      timeoutMs: timeout * 1000,
      outputFile: flags['output-file'],
      cancelSignal: args.pod === undefined ? undefined : this.cancelSignal(),
      warn: (warning) => this.warn(warning),
    })
    if (path !== undefined) return this.printMatches(dump, path)
    if (output !== 'raw' || this.jsonEnabled()) return this.printSummary(dump, flags)
    await (flags['output-file'] === undefined ? this.print(dump.bytes) : drain(dump))
    return {dump: dump.name}
  }

  private async printMatches(dump: FetchedDump, path: readonly PathToken[]): Promise<object> {
    const matches = []
    for await (const match of readMatches(dump, path)) {
      if (this.jsonEnabled()) matches.push(match)
      await this.print(jsonLine(match.value))
    }
    return {schemaVersion: 'ambientctl.dump-matches/1', dump: dump.name, matches}
  }

  private async printSummary(dump: FetchedDump, flags: {output: string; width?: number | undefined}): Promise<object> {
    const summary = await readSummary(dump)
    for (const warning of summary.warnings) this.warn(warning)
    await this.print(flags.output === 'json' ? jsonLine(summary) : renderDumpSummary(summary, this.look(flags)))
    return {...summary, warnings: []}
  }
}
