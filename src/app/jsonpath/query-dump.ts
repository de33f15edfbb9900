import {JSONPath} from 'jsonpath-plus'
import type {DumpStore, ResourceRef} from '../../json/store.js'
import {assembleDocument} from './assemble-document.js'
import {elements, tokensOf} from './elements.js'
import type {PathToken} from './parse-path.js'

/** One match of a path. */
export interface PathMatch {
  /** RFC 6901, in the whole dump. */
  readonly pointer: string
  readonly value: unknown
}

/**
 * What a path selects in a dump, element by element, so that the dump is never in memory as a whole.
 * A path that selects whole sections is answered from the assembled dump, as long as that is small enough.
 * @throws UsageError when it is not.
 */
export function* queryDump(store: DumpStore, tokens: readonly PathToken[]): Generator<PathMatch, void, undefined> {
  if (selectsContainers(store, tokens)) yield* query({value: assembleDocument(store), pointer: ''}, tokens)
  else for (const ref of elements(store)) yield* queryElement(store, {ref, tokens})
}

function selectsContainers(store: DumpStore, tokens: readonly PathToken[]): boolean {
  for (const ref of elements(store)) if (reach(tokens, ref.pointer) === 'container') return true
  return false
}

function queryElement(store: DumpStore, {ref, tokens}: {ref: ResourceRef; tokens: readonly PathToken[]}): PathMatch[] {
  const used = reach(tokens, ref.pointer)
  if (used === 'container' || used.length === 0) return []
  const {value} = store.read(ref)
  return used.flatMap((index) => query({value, pointer: ref.pointer}, tokens.slice(index)))
}

/**
 * How far the tokens are used up on the way from the root to an element: one index per way. `container` when the path
 * ends above the element, or needs to know how long a list above it is.
 */
function reach(tokens: readonly PathToken[], pointer: string): readonly number[] | 'container' {
  let states: readonly number[] = [0]
  for (const key of tokensOf(pointer)) {
    if (states.some((state) => endsHere(tokens, state))) return 'container'
    states = states.flatMap((state) => advance(tokens, {state, key}))
  }
  return [...new Set(states)]
}

function endsHere(tokens: readonly PathToken[], state: number): boolean {
  const token = tokens[state]?.kind === 'descend' ? tokens[state + 1] : tokens[state]
  return state === tokens.length || token?.kind === 'slice'
}

function advance(tokens: readonly PathToken[], {state, key}: {state: number; key: string}): number[] {
  const token = tokens[state]
  if (token === undefined) return []
  if (token.kind !== 'descend') return picks(token, key) ? [state + 1] : []
  const next = tokens[state + 1]
  return next !== undefined && picks(next, key) ? [state, state + 2] : [state]
}

function picks({kind, text}: PathToken, key: string): boolean {
  switch (kind) {
    case 'any':
      return true
    case 'name':
    case 'index':
      return text === key
    case 'union':
      return text.split(',').includes(key)
    case 'slice':
    case 'descend':
      return false
    default:
      return kind satisfies never
  }
}

function query({value, pointer}: PathMatch, rest: readonly PathToken[]): PathMatch[] {
  if (rest.length === 0) return [{value, pointer}]
  if (typeof value !== 'object' || value === null) return []
  const found: unknown = JSONPath({path: ['$', ...rest.map(spell)], json: value, eval: false, wrap: true, resultType: 'all'})
  return (Array.isArray(found) ? found : []).flatMap((match: unknown) => readMatch(match, pointer))
}

/** The backtick keeps jsonpath-plus from reading `@type` as a type operator (libraries.md 2). */
function spell({kind, text}: PathToken): string {
  return kind === 'name' ? `\`${text}` : text
}

function readMatch(match: unknown, pointer: string): PathMatch[] {
  if (typeof match !== 'object' || match === null || !('value' in match) || !('pointer' in match)) return []
  return [{pointer: `${pointer}${String(match.pointer)}`, value: match.value}]
}
