import {knownNames, type NameKind} from '../cluster/known-names.js'
import type {ClusterAccess} from '../cluster/kubectl-arguments.js'

/** A command as completion sees it. */
export interface KnownCommand {
  readonly id: string
  /** Without dashes. */
  readonly flags: readonly {
    readonly name: string
    readonly char?: string | undefined
    readonly takesValue: boolean
    readonly options?: readonly string[]
  }[]
}

/** What stands at which place of a command: only these names are asked for in the cluster. */
const PLACES: ReadonlyMap<string, readonly NameKind[]> = new Map([
  ['trace', ['pods', 'services']],
  ['dump', ['pods']],
  ['walk', ['pods']],
])

/** What may stand where the last word is being typed. The cluster is asked for pods and services; when it does not answer there are none. */
export async function completions(words: readonly string[], commands: readonly KnownCommand[]): Promise<readonly string[]> {
  const typed = words.at(-1) ?? ''
  const [id = ''] = words
  const ids = commands.map((command) => command.id)
  if (words.length <= 1) return startingWith(typed, ids)
  const command = commands.find((one) => one.id === id)
  if (command === undefined) return []
  const before = readWords(words.slice(1, -1), command)
  if (before.open !== undefined) return startingWith(typed, before.open)
  const flags = command.flags.map(({name}) => `--${name}`)
  if (typed.startsWith('-')) return startingWith(typed, flags)
  const kind = PLACES.get(id)?.[before.places]
  return kind === undefined ? [] : startingWith(typed, await knownNames(kind, before.access))
}

interface ReadWords {
  /** How many arguments stand before. */
  readonly places: number
  readonly access: ClusterAccess
  /** Values of the flag that waits for one. */
  readonly open?: readonly string[]
}

function readWords(words: readonly string[], {flags}: KnownCommand): ReadWords {
  const values = new Map<string, string>()
  let places = 0
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const [, name, value] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    const flag = flags.find((one) => name !== undefined && (one.name === name || one.char === name))
    if (name === undefined) places++
    if (flag?.takesValue !== true) continue
    const given = value ?? words[++at]
    if (given === undefined) return {places, access: {}, open: flag.options ?? []}
    values.set(flag.name, given)
  }
  return {places, access: {context: values.get('context'), kubeconfig: values.get('kubeconfig')}}
}

function startingWith(typed: string, candidates: readonly string[]): readonly string[] {
  return [...new Set(candidates)].filter((candidate) => candidate.startsWith(typed)).sort()
}
