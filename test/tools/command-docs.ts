import {z} from 'zod'
import {EXIT_CODE_MEANINGS} from '../../src/flow/exit-code.js'

const flag = z.looseObject({
  name: z.string(),
  type: z.string(),
  char: z.string().optional(),
  description: z.string().optional(),
  helpGroup: z.string().optional(),
  helpValue: z.string().optional(),
  multiple: z.boolean().optional(),
  options: z.array(z.string()).optional(),
  default: z.unknown().optional(),
  hidden: z.boolean().optional(),
})

const command = z.looseObject({
  id: z.string(),
  summary: z.string().optional(),
  description: z.string().optional(),
  args: z.record(z.string(), z.looseObject({name: z.string(), description: z.string().optional(), required: z.boolean().optional()})),
  flags: z.record(z.string(), flag),
  examples: z.array(z.string()).optional(),
  strict: z.boolean().optional(),
  hidden: z.boolean().optional(),
})

const manifest = z.looseObject({commands: z.record(z.string(), command)})

type Command = z.infer<typeof command>
type Flag = z.infer<typeof flag>

const PROGRAM = 'ambientctl'
/** Flags of this group are the same in every command. */
const GLOBAL = 'GLOBAL'

/** The command reference, from oclif's manifest; the same manifest gives the same text. */
export function renderCommandDocs(manifestValue: unknown): string {
  const commands = Object.values(manifest.parse(manifestValue).commands)
    .filter(({hidden}) => hidden !== true)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const [first] = commands
  const globals = visibleFlags(first).filter(({helpGroup}) => helpGroup === GLOBAL)
  const sections = [
    '# Commands',
    'Written from the commands by `node --import tsx test/tools/command-docs-write.ts`; `ambientctl COMMAND --help` prints the same.',
    commands.map(({id, summary = ''}) => `- [${nameOf(id)}](#${nameOf(id).replaceAll(' ', '-')}): ${summary}`).join('\n'),
    ...commands.flatMap(commandSections),
    '## Flags of every command',
    flagTable(globals),
    '## Exit codes',
    exitCodeTable(),
  ]
  return `${sections.join('\n\n')}\n`
}

function commandSections(each: Command): readonly string[] {
  const {id, summary = '', description = '', args, examples = []} = each
  const flags = visibleFlags(each).filter(({helpGroup}) => helpGroup !== GLOBAL)
  const rows = Object.values(args).map(({name, description: about = ''}) => `| \`${name.toUpperCase()}\` | ${cell(about)} |`)
  return [
    `## ${nameOf(id)}`,
    summary,
    fenced(usageOf(each)),
    ...(description === '' ? [] : [plain(description, id)]),
    ...(rows.length === 0 ? [] : [table('argument', rows)]),
    ...(flags.length === 0 ? [] : [flagTable(flags)]),
    ...(examples.length === 0 ? [] : [fenced(examples.map((example) => plain(example, id)).join('\n'))]),
  ]
}

function usageOf({id, args, strict}: Command): string {
  const names = Object.values(args).map(({name, required}) => {
    const shown = `${name.toUpperCase()}${strict === false ? '...' : ''}`
    return required === true ? shown : `[${shown}]`
  })
  return [PROGRAM, nameOf(id), ...names, '[flags]'].join(' ')
}

/** Without a group first, then group by group; inside a group as the command declares them. */
function visibleFlags(each: Command | undefined): readonly Flag[] {
  const flags = Object.values(each?.flags ?? {}).filter(({hidden}) => hidden !== true)
  const groups = [...new Set(flags.map(({helpGroup}) => helpGroup ?? ''))].sort()
  return groups.flatMap((group) => flags.filter(({helpGroup}) => (helpGroup ?? '') === group))
}

function flagTable(flags: readonly Flag[]): string {
  return table(
    'flag',
    flags.map((each) => `| ${flagName(each)} | ${cell(`${each.description ?? ''}${choicesOf(each)}`)} |`),
  )
}

function flagName({name, char, type, helpValue = 'VALUE', options, multiple}: Flag): string {
  const value = type === 'boolean' ? '' : `=${options === undefined ? helpValue : options.length > 3 ? 'WORD' : options.join('\\|')}`
  return `${char === undefined ? '' : `\`-${char}\` `}\`--${name}${value}\`${multiple === true ? ' …' : ''}`
}

function choicesOf({options = [], default: preset, description = ''}: Flag): string {
  const words = options.length > 3 ? ` One of ${options.map((option) => `\`${option}\``).join(' ')}.` : ''
  return words + (typeof preset === 'string' && !description.includes('default') ? ` Default: \`${preset}\`.` : '')
}

function table(head: string, rows: readonly string[]): string {
  return [`| ${head} | meaning |`, '|---|---|', ...rows].join('\n')
}

function exitCodeTable(): string {
  return ['| code | meaning |', '|---|---|', ...EXIT_CODE_MEANINGS.map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`)].join('\n')
}

function fenced(text: string): string {
  return `\`\`\`\n${text}\n\`\`\``
}

/** oclif's templates, filled in. */
function plain(text: string, id: string): string {
  return text.replaceAll('<%= config.bin %>', PROGRAM).replaceAll('<%= command.id %>', nameOf(id))
}

function nameOf(id: string): string {
  return id.replaceAll(':', ' ')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
