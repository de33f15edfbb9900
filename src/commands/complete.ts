import {Args} from '@oclif/core'
import {completions, type KnownCommand} from '../app/complete.js'
import {visible} from '../render/visible.js'
import {BaseCommand} from './base.js'

/** What shells ask while a command line is being typed. */
export class Complete extends BaseCommand {
  static override summary = 'Print what may stand at the end of a command line.'
  static override description = `For shells: \`kubectl ambient\` asks this through kubectl_complete-ambient. Pods and services come from
the live cluster and are kept for half a minute; a cluster that does not answer has none.`

  static override examples = [`<%= config.bin %> complete -- trace ''`, '<%= config.bin %> complete -- trace sleep prod']

  static override args = {words: Args.string({description: 'The words so far; the last one is being typed.'})}
  static override strict = false

  override async run(): Promise<object> {
    const {argv} = await this.parse(Complete)
    const candidates = (await completions(argv.map(String), this.known())).filter((text) => visible(text) === text)
    // The last line tells kubectl that files are no candidates (ShellCompDirectiveNoFileComp).
    await this.print([...candidates, ':4'].join('\n'))
    return {schemaVersion: 'ambientctl.completions/1', candidates}
  }

  private known(): readonly KnownCommand[] {
    return this.config.commands.map(({id, flags}) => ({
      id,
      flags: Object.values(flags).map((flag) => ({
        name: flag.name,
        char: flag.char,
        takesValue: flag.type === 'option',
        ...(flag.type === 'option' && flag.options !== undefined ? {options: flag.options} : {}),
      })),
    }))
  }
}
