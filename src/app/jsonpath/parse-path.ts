import {UsageError} from '../../flow/errors.js'

/** One step of a path, in the spelling of jsonpath-plus's array form, and whether it picks by name. */
export interface PathToken {
  readonly kind: 'name' | 'any' | 'index' | 'union' | 'slice' | 'descend'
  readonly text: string
}

/** What jsonpath-plus takes apart again, even between quotes. */
const UNQUOTABLE = /['"[\]()`;^~#,]|%@%|%%@@%%/

type Rule = readonly [pattern: RegExp, read: (groups: readonly string[]) => readonly PathToken[] | undefined]

/** Filters and scripts are left out on purpose: nothing of an expression is ever evaluated (libraries.md 2). */
const RULES: readonly Rule[] = [
  [/\.\.(?=[[*\p{L}_@])/uy, () => [{kind: 'descend', text: '..'}]],
  [/\.?\*|\[\*\]/y, () => [{kind: 'any', text: '*'}]],
  [/\.?([\p{L}_@$][\p{L}\p{N}_@$-]*)/uy, ([name = '']) => [{kind: 'name', text: name}]],
  [/\['([^']*)'\]|\["([^"]*)"\]/y, ([single, double]) => quoted(single ?? double ?? '')],
  [/\[(\d{1,9})\]/y, ([index = '']) => [{kind: 'index', text: index}]],
  [/\[-(\d{1,9})\]/y, ([back = '']) => fromEnd(Number(back))],
  [/\[(-?\d{0,9}:-?\d{0,9}(?::\d{0,9})?)\]/y, ([slice = '']) => [{kind: 'slice', text: slice}]],
  [/\[(\d{1,9}(?:,\d{1,9})+)\]/y, ([union = '']) => [{kind: 'union', text: union}]],
  [
    /\[((?:'[\w.@-]+'|"[\w.@-]+")(?:,(?:'[\w.@-]+'|"[\w.@-]+"))+)\]/y,
    ([union = '']) => [{kind: 'union', text: union.replaceAll(/['"]/g, '')}],
  ],
]

/**
 * Reads a JSONPath, `$` first. jsonpath-plus itself would answer a malformed one with some data (libraries.md 2).
 * @throws UsageError that names the place.
 */
export function parsePath(expression: string): readonly PathToken[] {
  if (!expression.startsWith('$')) throw malformed(expression, 0)
  const tokens: PathToken[] = []
  let at = 1
  while (at < expression.length) {
    const step = nextStep(expression, {at, afterDescend: tokens.at(-1)?.kind === 'descend'})
    if (step === undefined) throw malformed(expression, at)
    tokens.push(...step.tokens)
    at = step.end
  }
  return tokens
}

interface Step {
  readonly tokens: readonly PathToken[]
  readonly end: number
}

function nextStep(expression: string, {at, afterDescend}: {at: number; afterDescend: boolean}): Step | undefined {
  for (const [pattern, read] of RULES) {
    pattern.lastIndex = at
    const match = pattern.exec(expression)
    const tokens = match !== null && isPlaced(match[0], afterDescend) ? read(match.slice(1)) : undefined
    if (tokens !== undefined) return {tokens, end: pattern.lastIndex}
  }
  return undefined
}

/** After `..` a step stands without a dot of its own; anywhere else only brackets do. */
function isPlaced(step: string, afterDescend: boolean): boolean {
  return step.startsWith('[') || step.startsWith('.') !== afterDescend
}

function quoted(name: string): readonly PathToken[] | undefined {
  return name === '' || UNQUOTABLE.test(name) ? undefined : [{kind: 'name', text: name}]
}

/** `[-1]` means the last; jsonpath-plus knows it as a slice only. */
function fromEnd(back: number): readonly PathToken[] {
  return [{kind: 'slice', text: back === 1 ? '-1:' : `-${back}:${1 - back}`}]
}

function malformed(expression: string, at: number): UsageError {
  const isFilter = /^\[\s*(\?|\()/.test(expression.slice(at))
  return new UsageError({
    what: isFilter ? 'Filters and scripts in a JSONPath are not evaluated.' : 'The JSONPath cannot be read.',
    where: '--jsonpath',
    expected: `$ with steps .name ['name'] [0] [0:2] [0,1] .* ..name`,
    got: `${JSON.stringify(expression.slice(at))} at position ${at}`,
    help: isFilter ? 'Print more with the path, and filter with jq.' : undefined,
  })
}
