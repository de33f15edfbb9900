import {isIP} from 'node:net'

/** How each kind of token in a text is renamed. */
export interface Renaming {
  readonly word: (word: string) => string
  readonly address: (address: string) => string
  /** The address of a range, with the length of its prefix. */
  readonly range: (address: string, length: number) => string
  /** UUIDs, hardware addresses, chains of kube-proxy: shape and length stay. */
  readonly code: (code: string) => string
}

// What Envoy fills in itself: %REQ(:METHOD)%. An expression (%CEL(…)%) may hold texts of its own.
const FORMAT = String.raw`(?<format>%(?!CEL)[A-Z_]+(?:\([^)'"]*\))?(?::\d+)?%)`
const UUID = String.raw`(?<![0-9A-Za-z])(?<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9A-Za-z])`
const HARDWARE = String.raw`(?<![0-9A-Za-z:])(?<mac>[0-9a-f]{2}(?::[0-9a-f]{2}){5})(?![0-9A-Za-z:])`
// First with the last four bytes as IPv4 writes them: without them the rest is an address too.
const MIXED = String.raw`[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){1,6}:\d{1,3}(?:\.\d{1,3}){3}`
const GROUPS = String.raw`[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}`
const SIX = String.raw`(?<![0-9A-Za-z:.])(?<six>${MIXED}|${GROUPS})(?:\/(?<sixLength>\d{1,3})(?!\d))?(?![0-9A-Za-z])`
const FOUR = String.raw`(?<![0-9A-Za-z.])(?<four>\d{1,3}(?:\.\d{1,3}){3})(?:\/(?<fourLength>\d{1,2})(?!\d))?(?![0-9A-Za-z]|\.\d)`
// As clouds name nodes: ip-10-0-1-2.ec2.internal
const DASHED = String.raw`(?<![0-9A-Za-z]|\d-)(?<dashed>\d{1,3}(?:-\d{1,3}){3})(?![0-9A-Za-z]|-\d)`
// The end is a hash of a name, for which there are dictionaries.
const CHAIN = String.raw`(?<=KUBE-(?:SVC|SVL|SEP|EXT|FW|XLB)-)(?<chain>[A-Z2-7]{16})(?![0-9A-Za-z])`
const WORD = String.raw`(?<!\\)(?<word>[0-9A-Za-z]+)`

const TOKEN = new RegExp(`${FORMAT}|${UUID}|${HARDWARE}|${SIX}|${FOUR}|${DASHED}|${CHAIN}|${WORD}`, 'g')

type Groups = Readonly<Record<string, string | undefined>>

/** Renames each token of a text where it stands; what is between them stays. */
export function renameTokens(text: string, renaming: Renaming): string {
  return text.replaceAll(TOKEN, (token: string, ...rest: readonly unknown[]) => {
    const groups = rest.at(-1)
    return isGroups(groups) ? renameToken({token, groups}, renaming) : token
  })
}

function isGroups(value: unknown): value is Groups {
  return typeof value === 'object' && value !== null
}

function renameToken({token, groups}: {readonly token: string; readonly groups: Groups}, renaming: Renaming): string {
  const {word, four, six, dashed, fourLength, sixLength} = groups
  if (word !== undefined) return renaming.word(word)
  const address = four ?? six
  if (address !== undefined) return renameAddress({token, address, length: fourLength ?? sixLength}, renaming)
  if (dashed !== undefined) return renameDashed(dashed, renaming)
  return groups['format'] === undefined ? renaming.code(token) : token
}

interface FoundAddress {
  readonly token: string
  readonly address: string
  readonly length: string | undefined
}

/** What only looks like an address is taken apart into words. */
function renameAddress({token, address, length}: FoundAddress, renaming: Renaming): string {
  if (isIP(address) === 0) return token.replaceAll(/[0-9A-Za-z]+/g, renaming.word)
  return length === undefined ? renaming.address(address) : `${renaming.range(address, Number(length))}/${length}`
}

function renameDashed(dashed: string, renaming: Renaming): string {
  const address = dashed.replaceAll('-', '.')
  return isIP(address) === 0 ? dashed.replaceAll(/\d+/g, renaming.word) : renaming.address(address).replaceAll('.', '-')
}

/** The words of a text: what `renaming.word` would be asked about. */
export function wordsOf(text: string): readonly string[] {
  const words: string[] = []
  const keep = (token: string): string => token
  const word = (token: string): string => {
    words.push(token)
    return token
  }
  renameTokens(text, {word, address: keep, range: keep, code: keep})
  return words
}
