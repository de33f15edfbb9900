import type {Hook} from '@oclif/core'
import {UsageError} from '../flow/errors.js'
import {type ReportedError, reportFailure} from './report-failure.js'
import {suggest} from './suggest.js'
import {hasFlag} from './terminal.js'

/** An unknown command is a usage error (oclif would exit with 2). */
export const commandNotFound: Hook<'command_not_found'> = function ({id, argv = [], config}) {
  throw reportUnknownCommand({id, argv, program: config})
}

export interface UnknownCommand {
  readonly id: string
  readonly argv: readonly string[]
  /** What oclif knows about the program. */
  readonly program: {readonly bin: string; readonly commands: readonly {readonly id: string; readonly hidden: boolean}[]}
}

/** Reports a command that does not exist, with the one that was probably meant. */
export function reportUnknownCommand({id, argv, program}: UnknownCommand): ReportedError {
  const known = program.commands.filter((command) => !command.hidden).map((command) => command.id.replaceAll(':', ' '))
  const typed = id.replaceAll(':', ' ')
  const meant = suggest(typed, known) ?? suggest(typed.split(' ')[0] ?? '', known)
  const error = new UsageError({
    what: `There is no command "${typed}".`,
    help: `${meant === undefined ? '' : `Did you mean \`${program.bin} ${meant}\`? `}Run \`${program.bin} --help\` for all commands.`,
  })
  return reportFailure(error, {argv, json: hasFlag(argv, '--json')})
}
