import {describe, expect, test} from 'vitest'
import {BYPASSING, RELEASES, rulesOf, saveText, type RuleSet, type TableRule} from './rule-sets.js'
import {edited, found, linesOf, NO_WISHES, withRules} from './states.js'

const ALL = Object.entries({...RELEASES, ...BYPASSING}).map(([release, set]) => ({release, set}))
const FAMILIES = [4, 6] as const

describe.each(ALL)('$release', ({set}) => {
  test('nothing is wrong with what istio-cni writes', () => {
    const rules = {4: rulesOf({...set, family: 4}), 6: rulesOf({...set, family: 6})}
    expect(
      linesOf(found(withRules(rules), {...NO_WISHES, bypassesInbound: set.inbound === 'none', virtualDevices: set.virtual ?? []})),
    ).toEqual([])
  })
})

const JUDGED: Readonly<Record<string, Omit<RuleSet, 'family'>>> = {
  redirect: {inbound: 'redirect', dns: 'all'},
  tproxy: {inbound: 'tproxy', dns: 'all'},
}

const CASES = Object.entries(JUDGED).flatMap(([form, set]) =>
  FAMILIES.flatMap((family) =>
    rulesOf({...set, family}).map((rule, at) => ({
      form,
      family,
      at,
      ...rule,
      others: rulesOf({...set, family}).filter((_, other) => other !== at),
    })),
  ),
)

describe('a rule that is missing is named', () => {
  test.each(CASES)('$form, IPv$family: $table $rule', ({family, table, rule, others}) => {
    const findings = found(withRules({[family]: others}))
    expect(findings.map(({kind, place}) => `${kind} ${place}`)).toEqual(['rule-missing bookinfo/reviews-v1'])
    expect(findings[0]?.what).toContain(`IPv${family} ${table}`)
    expect(findings[0]?.what).toContain(nameOf(rule))
  })

  test('with the line beside it', () => {
    const rules = rulesOf({family: 4, inbound: 'redirect', dns: 'all'})
    const others = rules.filter(({rule}) => !rule.includes('! -d 127.0.0.1/32 -o lo'))
    expect(linesOf(found(withRules({4: others})))).toEqual([
      'rule-missing: IPv4 nat OUTPUT lacks `! -d 127.0.0.1/32 -o lo -j ACCEPT` before rule 5 of ISTIO_OUTPUT: ' +
        'what the pod sends to its own address goes to ztunnel (bookinfo/reviews-v1/iptables-save:35)',
    ])
    expect(saveText(others).split('\n')[34]).toContain('--to-ports 15001')
  })
})

/** A jump by where it leads, a rule without its chain; which address TPROXY takes is not told. */
function nameOf(rule: string): string {
  const [, hook, chain] = /^(\S+) -j (ISTIO_\w+)$/.exec(rule) ?? []
  return chain === undefined ? rule.replace(/^\S+ /, '').replace(/ --on-ip \S+/, '') : `nothing in ${hook ?? ''} leads to ${chain}`
}

const MARKED = CASES.filter(({rule}) => rule.includes('0x'))

describe('a rule with another mark is cited', () => {
  test.each(MARKED)('$form, IPv$family: $table $rule', ({form, family, at}) => {
    const rules = rulesOf({...(JUDGED[form] ?? {inbound: 'none', dns: 'none'}), family})
    const changed = rules.map((one, index) => (index === at ? otherMark(one) : one))
    const findings = found(withRules({[family]: changed}))
    expect(findings).toMatchObject([{kind: 'rule-differs', evidence: [{line: lineOf(changed, at)}]}])
    expect(findings[0]?.what).toContain(`\`-A ${changed[at]?.rule ?? ''}\` should say \`${nameOf(rules[at]?.rule ?? '')}\``)
  })
})

function otherMark({table, rule}: TableRule): TableRule {
  return {table, rule: rule.includes('0x539') ? rule.replace('0x539', '0x53a') : rule.replace('0x111', '0x112')}
}

function lineOf(rules: readonly TableRule[], at: number): number {
  const {table = '', rule = ''} = rules[at] ?? {}
  const lines = saveText(rules).split('\n')
  const start = lines.indexOf(`*${table}`)
  return lines.findIndex((line, index) => index > start && line === `-A ${rule}`) + 1
}

const WORDS: readonly (readonly [from: string, to: string])[] = [
  ['15001', '15002'],
  ['15006', '15007'],
  ['15008', '15009'],
  ['15053', '15054'],
  [' ! -d', ' -d'],
  ['-o lo', '-o eth0'],
  ['-j ACCEPT', '-j DROP'],
  ['-j ACCEPT', '-j RETURN'],
  ['! --mark', '--mark'],
  ['/0xfff', '/0xff'],
  ['--zone 1', '--zone 2'],
  ['--dport 53', '--dport 54'],
  ['! --dport', '--dport'],
  ['127.0.0.1/32', '127.0.0.0/8'],
]

describe('a rule with another word is cited', () => {
  const changed = CASES.flatMap((one) =>
    WORDS.filter(([from]) => one.family === 4 && one.rule.includes(from)).map(([from, to]) => ({...one, from, to})),
  )

  test.each(changed)('$form: $table $rule: $to', ({form, at, from, to}) => {
    const rules = rulesOf({...(JUDGED[form] ?? {inbound: 'none', dns: 'none'}), family: 4})
    const order = rules.map((one, index) => (index === at ? {...one, rule: one.rule.replace(from, to)} : one))
    const findings = found(withRules({4: order}))
    expect(findings).toHaveLength(1)
    expect(findings[0]?.evidence.map(({line}) => line)).toContain(lineOf(order, at))
  })
})

/** The first rule of each pair is put behind the second one. */
const ORDERS = [
  {first: '-s 169.254.7.127/32', behind: '--to-ports 15006', severity: 'broken', loss: 'probes of the kubelet go to ztunnel'},
  {first: '-o lo -j ACCEPT', behind: '--to-ports 15001', severity: 'broken', loss: 'what the pod sends to its own address goes to ztunnel'},
  {first: '-p tcp -m tcp --dport 53', behind: '--to-ports 15001', severity: 'broken', loss: 'DNS over TCP goes to'},
  {
    first: '-p tcp -m tcp --dport 53',
    behind: '-o lo -j ACCEPT',
    severity: 'unsure',
    loss: 'TCP to port 53 of the pod itself is not captured',
  },
  {first: '--mark 0x111/0xfff -j ACCEPT', behind: '--to-ports 15001', severity: 'unsure', loss: 'what carries the mark'},
] as const

describe('rules in another order are cited', () => {
  test.each(ORDERS)('$first behind $behind', ({first, behind, severity, loss}) => {
    const rules = rulesOf({family: 4, inbound: 'redirect', dns: 'all'})
    const moved = rules.filter(({rule}) => rule.includes(first) && !(first.startsWith('-s') && rule.startsWith('ISTIO_OUTPUT')))
    const rest = rules.filter((rule) => !moved.includes(rule))
    const at = rest.findIndex(({rule}) => rule.includes(behind)) + 1
    const order = [...rest.slice(0, at), ...moved, ...rest.slice(at)]
    const findings = found(withRules({4: order}))
    expect(findings).toMatchObject([
      {kind: 'rule-order', severity, evidence: [{line: lineOf(order, at)}, {file: 'bookinfo/reviews-v1/iptables-save'}]},
    ])
    expect(findings[0]?.what).toContain(loss)
  })
})

describe('what is none of the rules of capture', () => {
  const rules = rulesOf({family: 4, inbound: 'redirect', dns: 'all'})

  test('is unsure before them', () => {
    const first: TableRule = {table: 'nat', rule: 'OUTPUT -d 203.0.113.0/24 -j ACCEPT'}
    const jump = rules.findIndex(({table, rule}) => table === 'nat' && rule.startsWith('OUTPUT '))
    expect(found(withRules({4: [...rules.slice(0, jump), first, ...rules.slice(jump)]}))).toMatchObject([
      {kind: 'rule-unknown', severity: 'unsure', evidence: [{file: 'bookinfo/reviews-v1/iptables-save'}]},
    ])
  })

  test('is unsure among them', () => {
    const strange: TableRule = {table: 'nat', rule: 'ISTIO_PRERT -p tcp -m tcp --dport 8080 -j RETURN'}
    const lines = linesOf(found(withRules({4: [...rules, strange]})))
    expect(lines).toEqual([expect.stringContaining('`-A ISTIO_PRERT -p tcp -m tcp --dport 8080 -j RETURN` is none of istio-cni')])
  })

  test('is nothing to speak of where it only logs', () => {
    const logged = rules.flatMap((one) => [
      {...one, rule: one.rule.replace(/-j .*$/, '-j NFLOG --nflog-prefix istio --nflog-group 1337')},
      one,
    ])
    expect(linesOf(found(withRules({4: logged})))).toEqual([])
  })
})

test('in nftables mode a rule that is missing is named in words of nft', () => {
  expect(linesOf(found(withoutNft('oifname "lo" ip daddr != 127.0.0.1')))).toEqual([
    expect.stringContaining('IPv4 nat OUTPUT lacks `oifname "lo" ip daddr != 127.0.0.1 accept` before rule'),
  ])
  const marks = linesOf(found(withoutNft('ct mark & 0x00000fff == 0x00000111'))).map((line) => line.slice(0, line.lastIndexOf('`')))
  const lacks = 'mangle OUTPUT lacks `ct mark & 0x00000fff == 0x00000111 meta mark set ct mark'
  expect(marks).toEqual([`rule-missing: IPv4 ${lacks}`, `rule-missing: IPv6 ${lacks}`])
})

function withoutNft(start: string): ReturnType<typeof edited> {
  const cut = (text: string): string =>
    text
      .split('\n')
      .filter((line) => !line.trim().startsWith(start))
      .join('\n')
  return edited({'pod:nft-ruleset': cut}, 'in-pod-nft')
}

describe('in nftables mode', () => {
  const LINES = linesThat('pod:nft-ruleset', / (?:accept|redirect to \S+|ct zone set 1|mark set .*)$|jump istio-/)

  test.each(LINES)('pod without line $number: $text', ({number}) => {
    const findings = found(edited({'pod:nft-ruleset': (text) => withoutLine(text, number)}, 'in-pod-nft'))
    expect(findings.length).toBeGreaterThan(0)
    expect(findings.every(({kind, place}) => kind === 'rule-missing' && place === 'bookinfo/reviews-v1')).toBe(true)
  })

  test.each(linesThat('node:nft-ruleset', /snat ip/))('node without line $number: $text', ({number}) => {
    const [only, ...others] = found(edited({'node:nft-ruleset': (text) => withoutLine(text, number)}, 'in-pod-nft'))
    expect(only).toMatchObject({kind: 'rule-missing', place: 'node', severity: 'broken'})
    expect(others).toEqual([])
  })
})

function linesThat(key: string, pattern: RegExp): readonly {readonly number: number; readonly text: string}[] {
  const lines: string[] = []
  edited(
    {
      [key]: (text) => {
        lines.push(...text.split('\n'))
        return text
      },
    },
    'in-pod-nft',
  )
  return lines.flatMap((line, index) => (pattern.test(line) ? [{number: index + 1, text: line.trim()}] : []))
}

function withoutLine(text: string, number: number): string {
  return text
    .split('\n')
    .filter((_, index) => index + 1 !== number)
    .join('\n')
}
