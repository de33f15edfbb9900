import {CommandHelp, Help} from '@oclif/core/help'
import {EXIT_CODE_MEANINGS} from '../flow/exit-code.js'

const HEADER = 'EXIT CODES'

/** oclif's help, with the exit codes that scripts rely on. */
export class HelpWithExitCodes extends Help {
  protected override CommandHelpClass = CommandHelpWithExitCodes

  override async showHelp(argv: string[]): Promise<void> {
    const words = argv.filter((word) => !word.startsWith('-') && word !== 'help')
    if (words.length > 0 && !this.isKnown(words)) {
      // Loaded for this case only: help shall be quick.
      const {reportUnknownCommand} = await import('./command-not-found.js')
      throw reportUnknownCommand({id: words.join(':'), argv, program: this.config})
    }
    await super.showHelp(argv)
  }

  protected override async showRootHelp(): Promise<void> {
    await super.showRootHelp()
    this.log(this.section(HEADER, exitCodeTable()))
    this.log('')
  }

  /** Words after a command are its arguments, so the first words decide. */
  private isKnown(words: readonly string[]): boolean {
    const ids = words.map((_, index) => words.slice(0, index + 1).join(':'))
    return ids.some((id) => this.config.findCommand(id) !== undefined || this.config.findTopic(id) !== undefined)
  }
}

class CommandHelpWithExitCodes extends CommandHelp {
  /** Without a summary the first line of the description stands at the top already. */
  protected override description(): string | undefined {
    const {summary, description = ''} = this.command
    const rest = summary === undefined ? description.split('\n').slice(1).join('\n').trim() : description
    return rest === '' ? undefined : this.wrap(rest)
  }

  protected override sections() {
    return [...super.sections(), {header: HEADER, generate: exitCodeTable}]
  }
}

function exitCodeTable(): string {
  return EXIT_CODE_MEANINGS.map(([code, meaning]) => `${String(code).padStart(3)}  ${meaning}`).join('\n')
}
