import type {Family} from './ip.js'
import {nftStatements} from './nft-statements.js'
import {expandedRules} from './nft-verdict-map.js'
import type {PacketRule, RuleChain, Target} from './packet-rules.js'
import type {SourceLine} from './source-text.js'

export interface ChainContext {
  readonly chain: string
  readonly family: Family
  readonly isChain: (name: string) => boolean
  /** A table of iptables-nft: nft prints some of its targets in part, or not at all. */
  readonly foreign: boolean
  /** Elements of the named maps of the table. */
  readonly maps: ReadonlyMap<string, readonly string[]>
  /** The named sets of the table that packets do not change, as `{ 80, 443 }`. */
  readonly sets: ReadonlyMap<string, string>
}

/**
 * A chain of nft. A rule with several statements becomes a jump to a chain of its own, which holds one rule for each:
 * a mark that the first sets must not keep the second from being run. The chain itself comes first.
 */
export function chainWithParts(lines: readonly SourceLine[], context: ChainContext): readonly RuleChain[] {
  const parts: RuleChain[] = []
  const rules = lines.map(uncounted).flatMap((line, index) => {
    const rule = ruleOf(line, {chain: context.chain, number: index + 1})
    return expandedRules(withSets(rule.text, context.sets), context.maps).flatMap((text) => {
      const statements = nftStatements(text, context)
      // The rule can only meet packets of the other family.
      if (statements === undefined) return []
      const targets = context.foreign ? wholeTargets(statements.targets) : statements.targets
      return [{...rule, matches: statements.matches, target: targetOf(targets, {rule, parts})}]
    })
  })
  return [{name: context.chain, rules}, ...parts]
}

type Heading = Omit<PacketRule, 'matches' | 'target'>

function ruleOf({file, line, text}: SourceLine, {chain, number}: {readonly chain: string; readonly number: number}): Heading {
  return {chain, number, text: text.trim(), place: {file, line}}
}

const NAMED_SET = /(?<!\b(?:update|add|delete) )@([\w.-]+)/g
/** One address is looked up in the set itself, which findings name. */
const ADDRESS_IN_SET = /(?<!\. )\bip6? [sd]addr (?:!= )?$/

function withSets(text: string, sets: ReadonlyMap<string, string>): string {
  const named = [...text.matchAll(NAMED_SET)].filter(({index}) => !ADDRESS_IN_SET.test(text.slice(0, index)))
  if (named.length > MOST_SETS) return text
  return named.reduceRight((before, {0: whole, 1: name = '', index}) => {
    return `${before.slice(0, index)}${sets.get(name) ?? whole}${before.slice(index + whole.length)}`
  }, text)
}

/** A rule asks for a few sets. */
const MOST_SETS = 8

/** `{ 80, 443 }` instead of the name of a set. Undefined: it is empty, or too long to be written into each rule that names it. */
export function inlined(elements: readonly string[]): string | undefined {
  if (elements.length === 0 || elements.length > LONGEST_SET) return undefined
  return `{ ${elements.map((element) => element.replace(/ (?:comment|timeout|expires|counter) .*$/, '')).join(', ')} }`
}

const LONGEST_SET = 128

/** What a rule has counted is no part of it. */
function uncounted(line: SourceLine): SourceLine {
  return {...line, text: line.text.replace(/(?<=\bcounter) packets \d+ bytes \d+/, '')}
}

/** Recorded beside iptables-save: REDIRECT, DNAT and MASQUERADE of IPv6 print nothing, CONNMARK --save-mark without its --ctmask. */
function wholeTargets(targets: readonly Target[]): readonly Target[] {
  if (targets.length === 0) return [{kind: 'unknown', text: 'a target that nft does not print'}]
  return targets.map((target) =>
    target.kind === 'save-mark' ? {kind: 'unknown', text: 'a mark that nft does not print as a whole'} : target,
  )
}

function targetOf(targets: readonly Target[], {rule, parts}: {readonly rule: Heading; readonly parts: RuleChain[]}): Target {
  const [first = {kind: 'continue', name: 'counter'}, ...others] = targets
  // A tproxy that finds no socket breaks its rule off, which leaving the chain of parts does.
  if (others.length === 0 && first.kind !== 'tproxy') return first
  const name = `${rule.chain} rule ${rule.number}`
  parts.push({name, rules: targets.map((target, index) => ({...rule, chain: name, number: index + 1, matches: [], target}))})
  return {kind: leaves(targets.at(-1)) ? 'goto' : 'jump', chain: name}
}

/** Whether the rule ends its chain without deciding about the packet. */
function leaves(last: Target | undefined): boolean {
  return last?.kind === 'return' || last?.kind === 'goto'
}
