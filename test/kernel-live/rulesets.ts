import fc from 'fast-check'
import type {Family} from '../../src/kernel/config/ip.js'
import type {Loader} from './lab-scenario.js'
import {condition, protocolPart} from './rule-parts.js'
import {type HookName, type Spot, type TableName, type Wording} from './wording.js'
import {targetAt} from './rule-targets.js'
import type {Role} from './topology.js'

/** One rule in parts, so that shrinking can take them away one by one. */
interface LabRule {
  readonly conditions: readonly Wording[]
  readonly protocol: Wording
  readonly target: Wording
}

interface LabChain {
  readonly spot: Spot
  readonly policy: 'ACCEPT' | 'DROP'
  readonly rules: readonly LabRule[]
  /** The chain that rules of this one jump to. */
  readonly sub: readonly LabRule[]
}

const HOOKS: Readonly<Record<TableName, readonly HookName[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
}

const TABLES = ['raw', 'mangle', 'nat', 'filter'] as const

/** The rules of one namespace, as text for its loader. Empty for some: what nobody filters must work too. */
export function rulesetText({
  family,
  role,
  loader,
}: {
  readonly family: Family
  readonly role: Role
  readonly loader: Loader
}): fc.Arbitrary<string> {
  const spots = TABLES.flatMap((table) => HOOKS[table].map((hook): Spot => ({family, role, table, hook})))
  const chains = fc
    .subarray(spots, {minLength: 0, maxLength: 5})
    .chain((chosen) => fc.tuple(...chosen.map((spot) => chainAt(spot))))
    .map((all) => all.filter(({rules, policy}) => rules.length > 0 || policy === 'DROP'))
  return chains.map((all) => (all.length === 0 ? '' : loader === 'nft' ? nftText(all) : iptablesText(all)))
}

function chainAt(spot: Spot): fc.Arbitrary<LabChain> {
  const policy: fc.Arbitrary<LabChain['policy']> =
    spot.table === 'filter' || spot.table === 'mangle'
      ? fc.oneof({weight: 9, arbitrary: fc.constant('ACCEPT' as const)}, {weight: 1, arbitrary: fc.constant('DROP' as const)})
      : fc.constant('ACCEPT')
  return fc.record({
    spot: fc.constant(spot),
    policy,
    rules: fc.array(ruleAt(spot, {mayJump: true}), {minLength: 1, maxLength: 4}),
    sub: fc.array(ruleAt(spot, {mayJump: false}), {maxLength: 3}),
  })
}

function ruleAt(spot: Spot, {mayJump}: {readonly mayJump: boolean}): fc.Arbitrary<LabRule> {
  const sub = subName(spot)
  const jump = fc.constantFrom<Wording & {readonly needs?: 'tcp' | 'ports'}>(
    {iptables: `-j ${sub}`, nft: `jump ${sub}`},
    {iptables: `-g ${sub}`, nft: `goto ${sub}`},
  )
  const target = mayJump ? fc.oneof({weight: 5, arbitrary: targetAt(spot)}, {weight: 2, arbitrary: jump}) : targetAt(spot)
  return target.chain((chosen) =>
    fc.record({
      conditions: fc.uniqueArray(condition(spot), {maxLength: 2, selector: optionOf}),
      protocol: protocolPart(spot, chosen.needs),
      target: fc.constant(chosen),
    }),
  )
}

/** An option stands in a rule once: `-s`, `-m mark`. */
function optionOf({iptables}: Wording): string {
  const words = iptables.replace(/^! /, '').split(' ')
  return words[0] === '-m' ? `-m ${words[1] ?? ''}` : (words[0] ?? '')
}

function subName({hook}: Spot): string {
  return `sub-${hook}`
}

function iptablesText(chains: readonly LabChain[]): string {
  return TABLES.flatMap((table) => {
    const own = chains.filter(({spot}) => spot.table === table)
    return own.length === 0 ? [] : [`*${table}`, ...own.flatMap(headings), ...own.flatMap(iptablesRules), 'COMMIT']
  })
    .map((line) => `${line}\n`)
    .join('')
}

function headings({spot, policy}: LabChain): readonly string[] {
  return [`:${spot.hook} ${policy} [0:0]`, `:${subName(spot)} - [0:0]`]
}

function iptablesRules({spot, rules, sub}: LabChain): readonly string[] {
  const line = (chain: string, {conditions, protocol, target}: LabRule): string =>
    [`-A ${chain}`, ...[protocol, ...conditions, target].map(({iptables}) => iptables)].filter((part) => part !== '').join(' ')
  return [...rules.map((rule) => line(spot.hook, rule)), ...sub.map((rule) => line(subName(spot), rule))]
}

const PRIORITIES: Readonly<Record<TableName, number>> = {raw: -300, mangle: -150, nat: -100, filter: 0}

/** Tables as the nftables mode of istio-cni makes them: one of family inet per table of iptables. */
function nftText(chains: readonly LabChain[]): string {
  return TABLES.map((table) => {
    const own = chains.filter(({spot}) => spot.table === table)
    return own.length === 0 ? '' : `table inet lab-${table} {\n${NFT_SETS[own[0]?.spot.family ?? 4]}${own.map(nftChains).join('')}}\n`
  }).join('')
}

const NFT_SETS: Readonly<Record<Family, string>> = {
  4: 'set ips {\ntype ipv4_addr\nelements = { 10.2.0.2, 10.96.0.10, 10.1.0.2 }\n}\n',
  6: 'set ips {\ntype ipv6_addr\nelements = { fd02::2, fd96::10, fd01::2 }\n}\n',
}

function nftChains({spot, policy, rules, sub}: LabChain): string {
  const {table, hook} = spot
  const type = table === 'nat' ? 'nat' : table === 'mangle' && hook === 'OUTPUT' ? 'route' : 'filter'
  const priority = table === 'nat' && (hook === 'INPUT' || hook === 'POSTROUTING') ? 100 : PRIORITIES[table]
  const base = `type ${type} hook ${hook.toLowerCase()} priority ${priority}; policy ${policy.toLowerCase()};`
  return `chain ${subName(spot)} {\n${nftRules(sub)}}\nchain ${hook.toLowerCase()} {\n${base}\n${nftRules(rules)}}\n`
}

/** What nft cannot say is left out. */
function nftRules(rules: readonly LabRule[]): string {
  return rules
    .filter(({target, protocol}) => target.nft !== undefined && protocol.nft !== undefined)
    .map(
      ({conditions, protocol, target}) =>
        `${[protocol.nft, ...conditions.map(({nft}) => nft), 'counter', target.nft].filter(Boolean).join(' ')}\n`,
    )
    .join('')
}
