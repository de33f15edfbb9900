import {isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type Document} from 'yaml'
import {InputError} from '../flow/errors.js'

/** A YAML text with the place of everything in it. */
export interface YamlSource {
  readonly file: string
  readonly document: Document
  readonly lines: LineCounter
}

export type YamlPath = readonly (string | number)[]

/** More aliases than a file written by hand needs; each can stand for a large value. */
const MAX_ALIASES = 100

/** @throws InputError with `file:line:column` for what is no YAML. */
export function parseYaml({text, file}: {readonly text: string; readonly file: string}): YamlSource {
  const lines = new LineCounter()
  const document = guardDepth(file, () =>
    parseDocument(text, {lineCounter: lines, logLevel: 'error', prettyErrors: false, uniqueKeys: true}),
  )
  const source = {file, document, lines}
  const [error] = document.errors
  if (error === undefined) return source
  throw new InputError({what: 'The file is no valid YAML.', file: shownPlace(source, error.pos[0]), got: error.message})
}

/** @throws InputError for aliases that stand for too much, or for nothing. */
export function yamlValue(source: YamlSource): unknown {
  return guardDepth(source.file, () => {
    try {
      const value: unknown = source.document.toJS({maxAliasCount: MAX_ALIASES})
      return value
    } catch (thrown) {
      if (!(thrown instanceof ReferenceError)) throw thrown
      throw aliasError(source, thrown)
    }
  })
}

/** Line and column (from 1) of the value at a path, or of the nearest one around it that exists. */
export function yamlPlace(source: YamlSource, path: YamlPath): {readonly line: number; readonly column: number} {
  const start = startOf(nearestNode(source, path))
  const {line, col} = source.lines.linePos(start ?? 0)
  return {line: Math.max(1, line), column: Math.max(1, col)}
}

/** What stands at a path, in one word or as it is. */
export function describeYaml(source: YamlSource, path: YamlPath): string {
  const node = nodeAt(source, path)
  if (isScalar(node)) return JSON.stringify(node.value)
  if (isMap(node)) return 'a mapping'
  if (isSeq(node)) return 'a list'
  return isAlias(node) ? 'an alias' : 'nothing'
}

function nearestNode({document}: Pick<YamlSource, 'document'>, path: YamlPath): unknown {
  for (let length = path.length; length > 0; length -= 1) {
    const node = nodeAt({document}, path.slice(0, length))
    if (startOf(node) !== undefined) return node
  }
  return document.contents
}

/** A scalar that is read as a list of one is its own first item. */
function nodeAt({document}: Pick<YamlSource, 'document'>, path: YamlPath): unknown {
  if (path.length === 0) return document.contents
  const around = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  return path.at(-1) === 0 && isScalar(around) ? around : document.getIn(path, true)
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

/** The parser and the conversion are recursive: absurd nesting ends in a full stack. */
function guardDepth<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    throw new InputError({what: 'The file is nested too deeply.', file, cause: thrown})
  }
}

function aliasError(source: YamlSource, cause: ReferenceError): InputError {
  let offset = 0
  visit(source.document, {
    Alias: (_, node) => {
      offset = node.range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return new InputError({
    what: 'The file has aliases that cannot be resolved.',
    file: shownPlace(source, offset),
    got: cause.message,
    cause,
  })
}

function shownPlace({file, lines}: YamlSource, offset: number): string {
  const {line, col} = lines.linePos(offset)
  return `${file}:${line}:${col}`
}
