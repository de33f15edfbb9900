import fc from 'fast-check'
import {expect, test} from 'vitest'
import {treeLevel} from '../../../src/envoy/matcher/tree-level.js'
import {view} from '../match/samples.js'
import {domainMatcher} from './trees.js'

const RULES = {nested: 'resume', prefix: 'resume'} as const
const ON_MATCH = {action: {name: 'a'}}

function keysFound(tree: object, text: string): string[] | undefined {
  return treeLevel(view(tree, '/tree'), RULES)
    ?.find(text)
    .map(({key}) => key)
}

const letters = fc.string({unit: fc.constantFrom('a', 'b', '/'), maxLength: 6})

test('a prefix map finds all keys that the text starts with, the longest first', () => {
  fc.assert(
    fc.property(fc.uniqueArray(letters, {maxLength: 20}), letters, (keys, text) => {
      const tree = {prefix_match_map: {map: Object.fromEntries(keys.map((key) => [key, ON_MATCH]))}}
      const held = keys.filter((key) => text.startsWith(key)).toSorted((a, b) => b.length - a.length)
      expect(keysFound(tree, text)).toEqual(held)
    }),
  )
})

const name = fc.array(fc.constantFrom('a', 'b', ''), {minLength: 1, maxLength: 4}).map((labels) => labels.join('.'))
const domain = fc.oneof(
  name,
  name.map((rest) => `*.${rest}`),
  fc.constant('*'),
)

/** A wildcard holds every name that is longer than its suffix and ends in it. */
function holds(key: string, asked: string): boolean {
  if (!key.startsWith('*')) return key === asked
  return key === '*' || (asked.length > key.length - 1 && asked.endsWith(key.slice(1)))
}

test('a domain matcher finds the name itself, then wildcards, the longest first', () => {
  fc.assert(
    fc.property(fc.uniqueArray(domain, {maxLength: 12}), name, (domains, asked) => {
      const entries = domains.map((key) => [key, ON_MATCH] as const)
      const tree = {custom_match: {name: 'custom', typed_config: domainMatcher('DomainMatcher', entries)}}
      const rank = (key: string): number => (key.startsWith('*') ? key.length : Number.MAX_SAFE_INTEGER)
      const held = domains.filter((key) => holds(key, asked)).toSorted((a, b) => rank(b) - rank(a))
      expect(keysFound(tree, asked)).toEqual(held)
    }),
    {numRuns: 300},
  )
})
