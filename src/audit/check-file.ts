import type {z} from 'zod'
import {InputError} from '../flow/errors.js'
import type {EnvoyVersion} from '../flow/envoy-version.js'
import type {Question} from '../flow/trace.js'
import {checkFileSchema, type CheckEntry, type CheckFileContent} from './check-schema.js'
import type {Expectation} from './expectation.js'
import {describeYaml, parseYaml, yamlPlace, yamlValue, type YamlPath, type YamlSource} from './yaml-source.js'

/** One assertion: what to ask of which source, and what must come of it. */
export interface Check {
  readonly name: string
  /** The check file, and the line the entry starts at. */
  readonly file: string
  readonly line: number
  readonly question: Question
  readonly expectation: Expectation
  /** Golden files, relative to the check file. */
  readonly goldens: Goldens
  readonly sources: CheckSources
}

export interface Goldens {
  readonly minimal?: string
  readonly json?: string
}

/** Where to ask: relative to the check file. Empty when neither the entry nor the file says it. */
export interface CheckSources {
  readonly paths: readonly string[]
  readonly files: readonly string[]
  readonly demo?: string
  readonly namespace?: string
  /** Stands in for the version that the dumps tell. */
  readonly envoyVersion?: EnvoyVersion
}

/**
 * Reads the checks of a check file (docs/check-format.md).
 * @throws InputError with `file:line:column` for what is no YAML, or not what a check file holds.
 */
export function readCheckFile({text, file}: {readonly text: string; readonly file: string}): readonly Check[] {
  const source = parseYaml({text, file})
  const value = yamlValue(source)
  // A file that is only a list holds the checks alone.
  const isList = Array.isArray(value)
  const result = checkFileSchema.safeParse(isList ? {checks: value} : value)
  if (!result.success) throw invalid({source, isList, error: result.error})
  const content = result.data
  return content.checks.map((entry, index) =>
    toCheck({entry, content, file, line: yamlPlace(source, isList ? [index] : ['checks', index]).line}),
  )
}

function toCheck({entry, content, file, line}: {entry: CheckEntry; content: CheckFileContent; file: string; line: number}): Check {
  const {'expect-minimal': minimal, 'expect-json': json} = entry
  return {
    name: entry.name ?? `${entry.from} to ${entry.to}`,
    file,
    line,
    question: questionOf(entry),
    expectation: {verdicts: entry.expect ?? [], via: entry.via ?? [], notVia: entry['not-via'] ?? []},
    goldens: {...(minimal === undefined ? {} : {minimal}), ...(json === undefined ? {} : {json})},
    sources: sourcesOf(entry, content),
  }
}

function questionOf(entry: CheckEntry): Question {
  const {from, to, 'from-kind': fromKind} = entry
  const request = pickKnown(entry, ['protocol', 'method', 'path', 'host', 'headers', 'sni'])
  return {source: from, destination: to, ...request, ...(fromKind === undefined ? {} : {fromKind})}
}

/** An entry that names a source of its own does not add to that of the file. */
function sourcesOf(entry: CheckEntry, content: CheckFileContent): CheckSources {
  const own = entry.snapshot ?? entry.file ?? entry.demo
  const {snapshot = [], file = [], ...named} = own === undefined ? content : entry
  const envoyVersion = entry['envoy-version'] ?? content['envoy-version']
  return {
    paths: snapshot,
    files: file,
    ...pickKnown(named, ['demo']),
    ...pickKnown(content, ['namespace']),
    ...pickKnown(entry, ['namespace']),
    ...(envoyVersion === undefined ? {} : {envoyVersion}),
  }
}

function pickKnown<T extends object, K extends keyof T>(value: T, keys: readonly K[]): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {}
  for (const key of keys) if (value[key] !== undefined) picked[key] = value[key]
  return picked
}

function invalid({source, isList, error}: {source: YamlSource; isList: boolean; error: z.ZodError}): InputError {
  const issue = error.issues.find(({code}) => code === 'unrecognized_keys') ?? error.issues[0]
  const path = issue === undefined ? [] : issuePath(issue)
  const inFile = isList ? path.slice(1) : path
  const {line, column} = yamlPlace(source, inFile)
  return new InputError({
    what: 'The file is no check file.',
    file: `${source.file}:${line}:${column}`,
    expected: `${issue?.message ?? 'a check file'}${inFile.length === 0 ? '' : ` (at ${inFile.join('.')})`}`,
    got: issue?.code === 'unrecognized_keys' ? `the key "${issue.keys[0] ?? ''}"` : describeYaml(source, inFile),
  })
}

/** A key nobody knows stands where the key is, not where its mapping starts. */
function issuePath(issue: z.core.$ZodIssue): YamlPath {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))
  return issue.code === 'unrecognized_keys' ? [...path, ...issue.keys.slice(0, 1)] : path
}
