import {createHmac} from 'node:crypto'
import {isCommonAddress, AddressKey} from './addresses.js'
import type {Names} from './names.js'
import type {Renaming} from './tokens.js'
import {isFormatWord} from './vocabulary.js'

/** New names for old ones, under a seed. */
export interface Pseudonyms extends Renaming {
  /** What was renamed so far, by its new name. */
  readonly originals: ReadonlyMap<string, string>
}

/** The same names under the same seed always give the same new names. */
export function pseudonymsFor(names: Names, seed: string): Pseudonyms {
  const words = wordTable(names, seed)
  const addresses = addressKey(names.addresses, seed)
  const originals = new Map<string, string>()
  const remember = (renamed: string, original: string): string => {
    if (renamed !== original) originals.set(renamed, original)
    return renamed
  }
  return {
    originals,
    word: (word) => remember(words.get(word) ?? word, word),
    address: (address) => remember(addresses.rename(address), address),
    range: (address, length) => {
      const renamed = addresses.renameRange(address, length)
      remember(`${renamed}/${length}`, `${address}/${length}`)
      return renamed
    },
    code: (code) => remember(renameCode(code, seed), code),
  }
}

function wordTable({words, seen}: Names, seed: string): ReadonlyMap<string, string> {
  const table = new Map<string, string>()
  const taken = new Set([...seen, ...words])
  for (const word of [...words].sort()) {
    let tries = 0
    let renamed = syllables(seed, `${tries} ${word}`)
    while (taken.has(renamed) || isFormatWord(renamed)) renamed = syllables(seed, `${++tries} ${word}`)
    taken.add(renamed)
    table.set(word, renamed)
  }
  return table
}

const CONSONANTS = 'bcdfghjklmnprstvwz'
const VOWELS = 'aeiou'
const SYLLABLES = 3

/** Pronounceable: people compare these names by eye. */
function syllables(seed: string, text: string): string {
  const digest = createHmac('sha256', seed).update(`word ${text}`).digest()
  const at = (letters: string, index: number): string => letters.charAt((digest[index] ?? 0) % letters.length)
  return Array.from({length: SYLLABLES}, (_, index) => at(CONSONANTS, 2 * index) + at(VOWELS, 2 * index + 1)).join('')
}

const ADDRESS_TRIES = 64

/** A key under which no new address is an old one, where the blocks are wide enough for that. */
function addressKey(addresses: ReadonlySet<string>, seed: string): AddressKey {
  const own = [...addresses].filter((address) => !isCommonAddress(address))
  const keys = Array.from({length: ADDRESS_TRIES}, (_, index) => `${seed} ${index}`)
  for (const key of keys) {
    const candidate = new AddressKey(key)
    if (own.every((address) => !addresses.has(candidate.rename(address)))) return candidate
  }
  return new AddressKey(`${seed} 0`)
}

/** Hexadecimal and base 32 stay what they are, the marks between them too. All zeros and all ones mean something. */
function renameCode(code: string, seed: string): string {
  if (/^[0:.-]+$/.test(code) || /^[f:]+$/.test(code)) return code
  const digest = createHmac('sha256', seed).update(`code ${code}`).digest()
  const alphabet = /[G-Z]/.test(code) || code.length === 16 ? 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567' : '0123456789abcdef'
  const isHardware = code.includes(':')
  return Array.from(code)
    .map((mark, index) => {
      if (mark === ':' || mark === '-' || (isHardware && index < 2)) return mark
      return alphabet.charAt((digest[index % digest.length] ?? 0) % alphabet.length)
    })
    .join('')
}
