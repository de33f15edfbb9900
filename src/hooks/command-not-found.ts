import type {Hook} from '@oclif/core'
import {UsageError} from '../flow/errors.js'
import {reportFailure} from './report-failure.js'
import {suggest} from './suggest.js'
import {hasFlag} from './terminal.js'

/** An unknown command is a usage error (oclif would exit with 2), with the command that was probably meant. */
export const commandNotFound: Hook<'command_not_found'> = function ({id, argv = [], config}) {
  throw reportFailure(unknownCommand(id, config), {argv, json: hasFlag(argv, '--json')})
}

/** What oclif knows about the program's commands. */
interface KnownCommands {
  readonly bin: string
  readonly commands: readonly {readonly id: string; readonly hidden: boolean}[]
}

export function unknownCommand(id: string, {bin, commands}: KnownCommands): UsageError {
  const known = commands.filter((command) => !command.hidden).map((command) => command.id.replaceAll(':', ' '))
  const typed = id.replaceAll(':', ' ')
  const meant = suggest(typed, known) ?? suggest(typed.split(' ')[0] ?? '', known)
  return new UsageError({
    what: `There is no command "${typed}".`,
    help: `${meant === undefined ? '' : `Did you mean \`${bin} ${meant}\`? `}Run \`${bin} --help\` for all commands.`,
  })
}
