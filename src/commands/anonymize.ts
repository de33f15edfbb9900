import {Args, Flags} from '@oclif/core'
import {anonymize} from '../app/anonymize.js'
import {renderAnonymized} from '../render/anonymized.js'
import {BaseCommand} from './base.js'

/** A snapshot that can be shared. */
export class Anonymize extends BaseCommand {
  static override summary = 'Write a snapshot anew without names, addresses and secrets.'
  static override description = `Names of pods, services, namespaces, nodes and service accounts, identities,
hosts and addresses get new ones, each the same everywhere, so that every trace
stays what it was. Addresses keep what they share: two in one range are in one
range afterwards. Secrets and prose are redacted. What the program is not sure
of is listed as a warning: look at it before you share the snapshot. To leave
out what a problem does not need, minimize first.`

  static override examples = [
    '<%= config.bin %> anonymize recorded --output-dir shared',
    '<%= config.bin %> anonymize prod-eu.tar.gz --output-dir shared --map names.json',
  ]

  static override args = {
    snapshot: Args.string({description: 'A directory, an archive, or a single dump.', required: true}),
  }

  static override flags = {
    'output-dir': Flags.string({description: 'Where the new snapshot goes: a new or empty directory.', helpValue: 'DIR', required: true}),
    map: Flags.string({description: 'Where new names are told by old ones, not in DIR (default: DIR.map.json).', helpValue: 'FILE'}),
    seed: Flags.string({description: 'Secret that decides the new names; the same gives the same (default: random).', helpValue: 'TEXT'}),
  }

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Anonymize)
    const {map, seed, 'output-dir': directory} = flags
    const {warnings, ...result} = await anonymize({snapshot: args.snapshot, directory, map, seed, version: this.config.version})
    for (const warning of warnings) this.warn(warning)
    this.conclude(result.outlook)
    await this.print(renderAnonymized(result))
    return result
  }
}
