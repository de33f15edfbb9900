import {Args} from '@oclif/core'
import {minimize} from '../app/minimize.js'
import {renderMinimized} from '../render/minimized.js'
import {BaseCommand} from './base.js'
import {meshOptionsOf, pinsOf} from './flags.js'
import {destinationFrom, flowsFrom, minimizeFlags} from './minimize-flags.js'

/** A snapshot that holds what a few traces need. */
export class Minimize extends BaseCommand {
  static override summary = 'Write a snapshot anew with no more than the traces of some flows need.'
  static override description = `Of dumps and lists only those listeners, clusters, endpoints, routes, policies,
workloads, services and pods stay that decide, and the packet rules of nodes
on the way. The new snapshot is asked before it is kept: hops, reasons, shares,
verdicts and findings are as before. Where they would not be, whole files stay
and a warning says so. Names and secrets stay too: anonymize hides them.`

  static override examples = [
    '<%= config.bin %> minimize recorded --flow "sleep reviews:9080" --output-dir small',
    '<%= config.bin %> minimize eu.tar.gz --flow "sleep api:80" --path /1 -o small.tgz',
    '<%= config.bin %> minimize eu --flow "a b:80" --flow "a c:80" --output-dir small',
  ]

  static override args = {
    snapshot: Args.string({description: 'A directory, an archive, or a single dump.', required: true}),
  }

  static override flags = minimizeFlags

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Minimize)
    const {warnings, ...result} = await minimize({
      snapshot: args.snapshot,
      flows: flowsFrom(flags),
      trace: {namespace: flags.namespace, pins: pinsOf(flags), reverse: flags.reverse},
      mesh: meshOptionsOf(flags),
      destination: destinationFrom(flags),
      version: this.config.version,
      progress: (line) => this.progress(line),
    })
    for (const warning of warnings) this.warn(warning)
    this.conclude(result.outlook)
    await this.print(renderMinimized(result))
    return result
  }
}
