import {RE2JS} from 're2js'
import {isObject, type View} from '../../json/view.js'

/** Compiled once per RegexMatcher object of the dump, and forgotten with it. */
const compiledByMatcher = new WeakMap<object, RE2JS | 'invalid'>()

/**
 * The compiled `regex` of a RegexMatcher; undefined when it is absent or RE2 rejects it.
 * Patterns of a dump run in linear time (RE2), never in the engine of JavaScript.
 */
export function compileRegex(matcher: View): RE2JS | undefined {
  const pattern = matcher.str('regex')
  if (pattern === undefined || !isObject(matcher.value)) return undefined
  const known = compiledByMatcher.get(matcher.value)
  const compiled = known ?? compilePattern(pattern) ?? 'invalid'
  if (known === undefined) compiledByMatcher.set(matcher.value, compiled)
  return compiled === 'invalid' ? undefined : compiled
}

export function compilePattern(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern)
  } catch {
    return undefined
  }
}

/**
 * The text after a RegexMatchAndSubstitute; undefined when the pattern does not compile.
 * Source: envoy-2022 D5; RE2::GlobalReplace, so `\1` names a group and an empty match right after a match is skipped.
 */
export function rewriteByRegex(rewrite: View, text: string): string | undefined {
  const pattern = rewrite.get('pattern')
  const regex = pattern === undefined ? undefined : compileRegex(pattern)
  return regex === undefined ? undefined : replaceAll(text, {regex, substitution: rewrite.str('substitution') ?? ''})
}

function replaceAll(text: string, {regex, substitution}: {regex: RE2JS; substitution: string}): string {
  const matcher = regex.matcher(text)
  let result = ''
  let end = 0
  let lastMatchEnd = -1
  while (matcher.find()) {
    const [start, stop] = [matcher.start(), matcher.end()]
    if (start === stop && start === lastMatchEnd) continue
    result += text.slice(end, start) + expand(substitution, (group) => (group > matcher.groupCount() ? '' : (matcher.group(group) ?? '')))
    end = stop
    lastMatchEnd = stop
  }
  return result + text.slice(end)
}

function expand(substitution: string, group: (index: number) => string): string {
  return substitution.replaceAll(/\\(\d|\\)/g, (_, what: string) => (what === '\\' ? '\\' : group(Number(what))))
}
