import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, relative} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {afterAll} from 'vitest'
import {z} from 'zod'
import {anonymizeSnapshot, type Anonymized} from '../../../src/snapshot/anonymize/anonymize.js'
import {renameTokens} from '../../../src/snapshot/anonymize/tokens.js'
import {isDirectory} from '../../../src/snapshot/tree.js'
import {pinnedQuestions} from '../../fixtures/pinned.js'
import {FIXTURES} from '../../tools/fixtures.js'

/** Names and addresses in both directions. */
export interface Names {
  readonly hide: (text: string) => string
  readonly reveal: (text: string) => string
}

/** The questions that the shipped fixtures pin of one cluster. */
export const QUESTIONS = pinnedQuestions()
  .map(({check}) => check)
  .filter(({sources: {paths, files}}) => paths.length === 1 && files.length === 0)

/** Both generations, with packet rules and without. */
export const SNAPSHOTS = [...new Set(QUESTIONS.flatMap(({sources}) => sources.paths))].filter((path) => isDirectory(join(FIXTURES, path)))

/** A directory that goes after the tests of a file. */
export function scratchDirectory(): string {
  const scratch = mkdtempSync(join(tmpdir(), 'ambientctl-anonymize-'))
  afterAll(() => {
    rmSync(scratch, {recursive: true, force: true})
  })
  return scratch
}

export interface Target {
  readonly directory: string
  readonly map: string
  readonly names: Names
  readonly result: Anonymized
}

/** A snapshot with other names, somewhere in `scratch`. */
export async function anonymized(path: string, {scratch, seed = 'a seed'}: {scratch: string; seed?: string}): Promise<Target> {
  const target = mkdtempSync(join(scratch, 'one-'))
  const [directory, map] = [join(target, 'shared'), join(target, 'map.json')]
  const result = await anonymizeSnapshot({snapshot: path, directory, map, seed, version: '0'})
  return {directory, map, names: namesOf(map), result}
}

function namesOf(map: string): Names {
  const {originals} = z.object({originals: z.record(z.string(), z.string())}).parse(JSON.parse(readFileSync(map, 'utf8')))
  const back = new Map(Object.entries(originals))
  const forth = new Map([...back].map(([renamed, original]) => [original, renamed]))
  return {hide: (text) => rename(text, forth), reveal: (text) => rename(text, back)}
}

function rename(text: string, names: ReadonlyMap<string, string>): string {
  const replace = (token: string): string => names.get(token) ?? token
  const range = (address: string, length: number): string => names.get(`${address}/${length}`)?.replace(/\/\d+$/, '') ?? replace(address)
  return renameTokens(text, {word: replace, address: replace, code: replace, range})
}

/** The files of a directory by their names, unpacked. */
export function textsOf(directory: string): ReadonlyMap<string, string> {
  const files = readdirSync(directory, {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile())
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const bytes = readFileSync(path)
      return [relative(directory, path), (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')]
    }),
  )
}
