import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {readIpRoutes} from '../../../src/kernel/config/ip-route.js'
import {readIpRules} from '../../../src/kernel/config/ip-rule.js'
import {formatPrefix} from '../../../src/kernel/config/ip.js'
import {readIpSets} from '../../../src/kernel/config/ipset.js'
import {readPacketRules} from '../../../src/kernel/config/iptables-save.js'
import type {Route, RoutingRule} from '../../../src/kernel/config/model.js'
import {matches, target} from './print-rules.js'

const rules = fc.array(fc.tuple(matches, target), {minLength: 1, maxLength: 8})
const counters = fc.tuple(fc.nat(), fc.nat()).map(([packets, bytes]) => `[${packets}:${bytes}] `)

describe('packet rules', () => {
  test('printed, they are read as what was printed', () => {
    fc.assert(
      fc.property(rules, (printed) => {
        const read = chainOf(
          saved(printed.map(([conditions, {text}]) => `-A PREROUTING ${[...conditions.map((one) => one.text), text].join(' ')}`)),
        )
        const wanted = printed.map(([conditions, end]) => ({matches: conditions.flatMap(({model}) => model ?? []), target: end.model}))
        expect(read.map(({matches: found, target: to}) => ({matches: found, target: to}))).toEqual(wanted)
      }),
    )
  })

  test('their text is kept, so reading and printing again gives the same', () => {
    fc.assert(
      fc.property(rules, (printed) => {
        const first = saved(
          printed.map(([conditions, {text}]) => `-A PREROUTING ${[...conditions.map((one) => one.text), text].join(' ')}`),
        )
        expect(saved(chainOf(first).map(({text}) => text))).toBe(first)
      }),
    )
  })

  test('counters never change what is read', () => {
    fc.assert(
      fc.property(rules, counters, (printed, count) => {
        const lines = printed.map(([conditions, {text}]) => `-A PREROUTING ${[...conditions.map((one) => one.text), text].join(' ')}`)
        expect(readPacketRules([{file: 'f', text: saved(lines.map((line) => count + line))}], 4)).toEqual(
          readPacketRules([{file: 'f', text: saved(lines)}], 4),
        )
      }),
    )
  })
})

function saved(lines: readonly string[]): string {
  return ['*mangle', ':PREROUTING ACCEPT [0:0]', ...lines, 'COMMIT'].join('\n')
}

function chainOf(text: string) {
  return readPacketRules([{file: 'f', text}], 4).tables[0]?.chains.get('PREROUTING')?.rules ?? []
}

const prefix = fc.tuple(fc.nat(255), fc.nat(255), fc.integer({min: 8, max: 32})).map(([a, b, length]) => `10.${a}.${b}.0/${length}`)
const table = fc.constantFrom('main', 'local', '100', '101')
const device = fc.constantFrom('eth0', 'istioin')

const route = fc
  .record({
    to: fc.oneof(fc.constant('default'), prefix),
    via: fc.boolean(),
    device,
    table,
    metric: fc.nat(9),
    kind: fc.constantFrom('', 'local ', 'throw ', 'unreachable '),
  })
  .map(({to, via, device: dev, table: of, metric, kind}) => {
    const refuses = kind === 'throw ' || kind === 'unreachable '
    const hop = refuses ? '' : ` ${via ? 'via 10.0.0.1 ' : ''}dev ${dev}`
    return `${kind}${to}${hop}${of === 'main' ? '' : ` table ${of}`}${metric === 0 ? '' : ` metric ${metric}`}`
  })

const rule = fc
  .record({
    priority: fc.nat(32_767),
    negated: fc.boolean(),
    from: fc.option(prefix),
    mark: fc.option(fc.nat(0xffff)),
    iif: fc.option(device),
    action: fc.constantFrom('lookup main', 'lookup 100', 'goto 32766', 'unreachable', 'blackhole'),
  })
  .map(
    ({priority, negated, from, mark, iif, action}) =>
      `${priority}: ${negated ? 'not ' : ''}from ${from ?? 'all'}${mark === null ? '' : ` fwmark 0x${mark.toString(16)}/0xffff`}${iif === null ? '' : ` iif ${iif}`} ${action}`,
  )

describe('routes, rules and sets', () => {
  test('routes mean the same after they were printed from what was read', () => {
    fc.assert(
      fc.property(fc.array(route, {maxLength: 8}), (lines) => {
        const first = readIpRoutes({file: 'f', text: lines.join('\n')}, {family: 4})
        expect(readIpRoutes({file: 'f', text: first.map(printRoute).join('\n')}, {family: 4})).toEqual(first)
      }),
    )
  })

  test('ip rules mean the same after they were printed from what was read', () => {
    fc.assert(
      fc.property(fc.array(rule, {maxLength: 8}), (lines) => {
        const first = readIpRules({file: 'f', text: lines.join('\n')}, 4)
        expect(readIpRules({file: 'f', text: first.map(printRule).join('\n')}, 4)).toEqual(first)
      }),
    )
  })

  test('sets mean the same, saved or listed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(prefix, {maxLength: 8}), (members) => {
        const save = ['create s hash:net family inet', ...members.map((member) => `add s ${member}`)].join('\n')
        const list = ['Name: s', 'Type: hash:net', 'Members:', ...members].join('\n')
        const brief = (text: string): unknown =>
          readIpSets({file: 'f', text}).map(({name: of, type, members: all}) => [of, type, all.map((one) => one.text)])
        expect(brief(list)).toEqual(brief(save))
      }),
    )
  })
})

function printRoute({type, destination, nextHops, table: of, metric}: Route): string {
  const hops = nextHops.map(({via, device: dev}) => `${via === undefined ? '' : ` via ${via}`}${dev === undefined ? '' : ` dev ${dev}`}`)
  const to = destination.length === 0 ? 'default' : formatPrefix(destination)
  return `${type === 'unicast' ? '' : `${type} `}${to}${hops.join('')} table ${of} metric ${metric}`
}

function printRule({priority, negated, source, mark, inDevice, action}: RoutingRule): string {
  const from = source === undefined ? 'all' : formatPrefix(source)
  const selectors = [
    ...(mark === undefined ? [] : [`fwmark 0x${mark.value.toString(16)}/0x${mark.mask.toString(16)}`]),
    ...(inDevice === undefined ? [] : [`iif ${inDevice}`]),
  ]
  return [`${priority}:`, ...(negated ? ['not'] : []), `from ${from}`, ...selectors, printAction(action)].join(' ')
}

function printAction(action: RoutingRule['action']): string {
  if (action.kind === 'lookup') return `lookup ${action.table}`
  return action.kind === 'goto' ? `goto ${action.priority}` : action.kind
}
