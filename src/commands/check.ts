import {Args, Flags} from '@oclif/core'
import {askSources} from '../app/check-sources.js'
import {runCheck} from '../app/check.js'
import {renderCheck} from '../render/check-report.js'
import {renderMinimal} from '../render/minimal.js'
import {renderJson} from '../render/trace-json.js'
import {hasTextFile, readTextFile, writeTextFile} from '../snapshot/text-file.js'
import {BaseCommand} from './base.js'
import {meshOptionsOf, sourceFlags, sourcesOf} from './flags.js'

/** Assertions over traces, for CI. */
export class Check extends BaseCommand {
  static override summary = 'Check that connections end, and go, as a file says.'
  static override description =
    `FILE is YAML: a list of questions, each with the verdict, the hops or the golden file it must give (docs/check-format.md).
A file may name its own snapshots; --snapshot, --file or --demo stand in for them.`

  static override strict = false

  static override examples = [
    '<%= config.bin %> check checks.yaml',
    '<%= config.bin %> check checks.yaml --snapshot ./recorded --json',
    '<%= config.bin %> check checks.yaml --update',
  ]

  static override args = {file: Args.string({description: 'Check file; several may be given.', required: true})}

  static override flags = {
    ...sourceFlags,
    namespace: Flags.string({char: 'n', description: 'Where names without a namespace are looked up first.', helpValue: 'NAMESPACE'}),
    update: Flags.boolean({description: 'Write the golden files instead of comparing with them.'}),
  }

  override async run(): Promise<object> {
    const {argv, flags} = await this.parse(Check)
    const {paths = [], files = [], demo} = sourcesOf(flags)
    const {namespace, update} = flags
    const named = {...(demo === undefined ? {} : {demo}), ...(namespace === undefined ? {} : {namespace})}
    const sources = askSources({...meshOptionsOf(flags), environment: process.env})
    try {
      const report = await runCheck({
        files: argv.map(String),
        sources: {paths, files, ...named},
        ask: sources.ask,
        update,
        texts: {read: readTextFile, write: writeTextFile, has: hasTextFile},
        forms: {minimal: renderMinimal, json: renderJson},
      })
      await this.print(renderCheck(report, this.look(flags)))
      this.conclude(report.outlook)
      return report
    } finally {
      await sources.close()
    }
  }
}
