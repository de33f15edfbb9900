import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {readPacketRules} from '../../../../src/kernel/config/iptables-save.js'
import {readNftRuleset} from '../../../../src/kernel/config/nft-ruleset.js'
import type {RuleTable} from '../../../../src/kernel/config/packet-rules.js'
import {recordedNamespaces} from '../../capture-states.js'
import {ruleModel, USER_CHAINS, type RuleModel} from './packet-rule-models.js'
import {iptablesRule, iptablesText} from './print-iptables.js'
import {nftText} from './print-nft.js'

const FAMILIES = [4, 6] as const

describe.each(FAMILIES)('rules of IPv%i', (family) => {
  const saved = fc.array(ruleModel('iptables', family), {minLength: 1, maxLength: 8})
  const listed = fc.array(ruleModel('nft', family), {minLength: 1, maxLength: 8})

  test('printed as iptables-save prints them, they are read as they were', () => {
    fc.assert(
      fc.property(saved, (rules) => {
        expect(rulesOf(readSaved(saveText(rules), family))).toEqual(rules)
      }),
    )
  })

  test('printed as nft lists them, they are read as they were', () => {
    fc.assert(
      fc.property(listed, (rules) => {
        expect(rulesOf(readListed(nftText(rules, family), family))).toEqual(rules)
      }),
    )
  })

  test('the text that is kept of a rule, without its counters, is the rule again', () => {
    fc.assert(
      fc.property(saved, counts, (rules, [packets, bytes]) => {
        const counted = saveText(rules).replaceAll(/^-A /gm, `[${packets}:${bytes}] -A `)
        const texts = chainOf(readSaved(counted, family)).map(({text}) => text)
        expect(rulesOf(readSaved([heading(), ...texts, 'COMMIT'].join('\n'), family))).toEqual(rules)
      }),
    )
  })

  test('counters of nft change neither rules nor their text', () => {
    fc.assert(
      fc.property(listed, counts, (rules, [packets, bytes]) => {
        const plain = nftText(rules, family).replaceAll(/^\t\t(?!type )/gm, '\t\tcounter ')
        const counted = plain.replaceAll(/^\t\tcounter /gm, `\t\tcounter packets ${packets} bytes ${bytes} `)
        expect(readListed(counted, family)).toEqual(readListed(plain, family))
      }),
    )
  })
})

test.each(['node-2022', 'in-pod', 'in-pod-bypass'])(
  'what a real iptables-save printed is the same after it was printed again: %s',
  (state) => {
    for (const {packetRules} of recordedNamespaces(state)) {
      for (const family of FAMILIES) {
        const {tables} = packetRules[family]
        expect(meaning(readSaved(iptablesText(tables), family))).toEqual(meaning(tables))
      }
    }
  },
)

const counts = fc.tuple(fc.nat(), fc.nat())

function heading(): string {
  return ['*mangle', ':PREROUTING ACCEPT [0:0]', ...USER_CHAINS.map((name) => `:${name} - [0:0]`)].join('\n')
}

function saveText(rules: readonly RuleModel[]): string {
  return [heading(), ...rules.map((rule) => `-A PREROUTING ${iptablesRule(rule)}`), 'COMMIT'].join('\n')
}

function readSaved(text: string, family: 4 | 6): readonly RuleTable[] {
  return readPacketRules([{file: 'save', text}], family).tables
}

function readListed(text: string, family: 4 | 6): readonly RuleTable[] {
  return readNftRuleset({file: 'nft', text}, {family, withIptables: true}).tables
}

function chainOf(tables: readonly RuleTable[]) {
  return tables[0]?.chains.get('PREROUTING')?.rules ?? []
}

function rulesOf(tables: readonly RuleTable[]): readonly RuleModel[] {
  return chainOf(tables).map(({matches, target}) => ({matches, target}))
}

/** Without lines, which move, and spellings, of which there are many. */
function meaning(tables: readonly RuleTable[]): unknown {
  return tables.map(({name, chains}) => [
    name,
    [...chains.values()].map(({name: chain, policy, rules}) => [chain, policy, rules.map(({matches, target}) => ({matches, target}))]),
  ])
}
