import {Args} from '@oclif/core'
import {fetchDump, readMatches, readSummary, saveDump, type FetchedDump} from '../app/dump.js'
import type {DumpedKind} from '../app/dumped-kinds.js'
import type {PathToken} from '../app/jsonpath/parse-path.js'
import {HeadStart} from '../cluster/head-start.js'
import {jsonLine} from '../render/json-line.js'
import {BaseCommand} from './base.js'
import {clusterOf, dumpFlags, type DumpFlags} from './dump-flags.js'

/** The config dump of one proxy. */
export class Dump extends BaseCommand {
  static override summary = 'Print the config dump of a proxy.'
  static override description =
    `Fetches the dump through kubectl, endpoints included, and prints it byte for byte; or reads a saved one. An application stands for
the ztunnel of its node. A dump that did not arrive whole is an error.`

  static override examples = [
    '<%= config.bin %> dump istio-system/ztunnel-hptxk --output-file ztunnel-hptxk.json',
    '<%= config.bin %> dump waypoint-7d9f -n default -o summary',
    '<%= config.bin %> dump --all ztunnels --output-dir dumps',
    '<%= config.bin %> dump -f z.json --jsonpath "$..dynamic_listeners[*].name"',
  ]

  static override args = {pod: Args.string({description: 'POD, NAMESPACE/POD or deploy/NAME.'})}

  static override flags = dumpFlags

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Dump)
    const {container, file, output, jsonpath, all, 'output-dir': directory, 'output-file': outputFile} = flags
    if (all !== undefined && directory !== undefined && args.pod === undefined) return this.saveAll({kind: all, directory, flags})
    const path = jsonpath === undefined ? undefined : await parsedPath(jsonpath)
    const request = {
      pod: args.pod,
      file,
      container,
      ...clusterOf(flags),
      outputFile,
      cancelSignal: args.pod === undefined ? undefined : this.cancelSignal(),
      warn: (warning: string) => this.warn(warning),
    }
    const dump = fetchDump(request)
    if (path !== undefined) return this.printMatches(dump, path)
    if (output !== 'raw' || this.jsonEnabled()) return this.printSummary(dump, flags)
    await (outputFile === undefined ? this.print(dump.bytes) : saveDump({...request, outputFile, headStart: this.headStart()}))
    return {dump: dump.name}
  }

  /** What bin/run.js began before anything else was loaded. */
  private headStart(): HeadStart | undefined {
    const given: object = this.config.options
    return 'headStart' in given && given.headStart instanceof HeadStart ? given.headStart : undefined
  }

  private async saveAll({kind, directory, flags}: {kind: DumpedKind; directory: string; flags: DumpFlags}): Promise<object> {
    const {recordDumps} = await import('../app/record.js')
    const result = await recordDumps({
      ...clusterOf(flags),
      kind,
      directory,
      concurrency: flags.concurrency,
      cancelSignal: this.cancelSignal(),
      version: this.config.version,
      progress: (text, place) => this.step(text, place),
      warn: (warning) => this.warn(warning),
    })
    this.conclude(result.outlook)
    const {renderRecorded} = await import('../render/recorded.js')
    await this.print(renderRecorded(result))
    return result
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
    const {renderDumpSummary} = await import('../render/dump-summary.js')
    await this.print(flags.output === 'json' ? jsonLine(summary) : renderDumpSummary(summary, this.look(flags)))
    return {...summary, warnings: []}
  }
}

/** Like all that only some dumps need, loaded for those. */
async function parsedPath(text: string): Promise<readonly PathToken[]> {
  const {parsePath} = await import('../app/jsonpath/parse-path.js')
  return parsePath(text)
}
