import {describe, expect, test} from 'vitest'
import {authorize, type Authorization} from '../../../src/ztunnel/authorization/authorize.js'
import {stateOf, workload} from '../dump.js'

type Fields = Readonly<Record<string, unknown>>

interface Asked {
  readonly identity?: string | null
  readonly source?: string
  readonly destination?: string
  readonly port?: number
  readonly minor?: number
  /** Keys of the policies that select the pod. */
  readonly selected?: readonly string[]
}

function decide(policies: readonly Fields[], asked: Asked = {}): Authorization {
  const selected = asked.selected ?? policies.map(({namespace = 'ns', name}) => `${String(namespace)}/${String(name)}`)
  const pod = workload('pod', {workloadIps: ['10.0.0.1'], authorizationPolicies: selected})
  const state = stateOf({
    workloads: [pod],
    policies: policies.map((policy) => ({namespace: 'ns', scope: 'WorkloadSelector', ...policy})),
    minor: asked.minor ?? 31,
  })
  const [target] = state.config.workloads
  if (target === undefined) throw new Error('the pod is missing')
  const identity = asked.identity === undefined ? 'spiffe://cluster.local/ns/web/sa/front' : asked.identity
  return authorize(state, {
    workload: target,
    connection: {
      source: {ip: asked.source ?? '10.1.0.5', port: 40_000},
      destination: {ip: asked.destination ?? '10.0.0.1', port: asked.port ?? 8080},
      ...(identity === null ? {} : {identity}),
    },
  })
}

const rule = (match: Fields): unknown => [[[match]]]
const deny = (rules: unknown, name = 'd'): Fields => ({name, action: 'Deny', rules})
const allow = (rules: unknown, name = 'a'): Fields => ({name, action: 'Allow', rules})

describe('whether a policy matches (ambient-ga C.3, F.1)', () => {
  test.each([
    {name: 'G7: no rules', rules: [], decision: 'allow'},
    {name: 'a rule without clauses', rules: [[]], decision: 'deny'},
    {name: 'G7: an empty clause', rules: [[[]]], decision: 'deny'},
    {name: 'G7: an empty match', rules: [[[{}]]], decision: 'allow'},
    {name: 'an empty match beside another', rules: [[[{}, {destinationPorts: [8080]}]]], decision: 'deny'},
    {name: 'a match of empty fields', rules: rule({destinationPorts: []}), decision: 'allow'},
    {name: 'all clauses', rules: [[[{destinationPorts: [8080]}], [{namespaces: [{Exact: 'ops'}]}]]], decision: 'allow'},
    {name: 'one of several rules', rules: [[[{destinationPorts: [1]}]], [[{destinationPorts: [8080]}]]], decision: 'deny'},
    {name: 'all fields of a match', rules: rule({destinationPorts: [8080], namespaces: [{Exact: 'ops'}]}), decision: 'allow'},
    {
      name: 'a principal of an alias of the trust domain: ztunnel knows none',
      rules: rule({principals: [{Exact: 'old.example/ns/web/sa/front'}]}),
      decision: 'allow',
    },
    {name: 'exact principal without spiffe://', rules: rule({principals: [{Exact: 'cluster.local/ns/web/sa/front'}]}), decision: 'deny'},
    {
      name: 'exact principal with spiffe://',
      rules: rule({principals: [{Exact: 'spiffe://cluster.local/ns/web/sa/front'}]}),
      decision: 'allow',
    },
    {name: 'prefix', rules: rule({principals: [{Prefix: 'cluster.local/ns/web/'}]}), decision: 'deny'},
    {name: 'suffix', rules: rule({principals: [{Suffix: '/sa/front'}]}), decision: 'deny'},
    {name: 'G8: presence', rules: rule({principals: [{Presence: []}]}), decision: 'deny'},
    {name: 'not principal', rules: rule({notPrincipals: [{Exact: 'cluster.local/ns/web/sa/front'}]}), decision: 'allow'},
    {name: 'namespace', rules: rule({namespaces: [{Exact: 'web'}]}), decision: 'deny'},
    {
      name: 'service account, whatever the trust domain',
      rules: rule({serviceAccounts: [{namespace: 'web', serviceAccount: 'front'}]}),
      decision: 'deny',
    },
    {name: 'not service account', rules: rule({notServiceAccounts: [{namespace: 'web', serviceAccount: 'front'}]}), decision: 'allow'},
    {name: 'source block', rules: rule({sourceIps: ['10.1.0.0/24']}), decision: 'deny'},
    {name: 'other source block', rules: rule({sourceIps: ['10.1.1.0/24', 'fd00::/8', 'nonsense']}), decision: 'allow'},
    {name: 'not source block', rules: rule({notSourceIps: ['10.1.1.0/24']}), decision: 'deny'},
    {name: 'destination block', rules: rule({destinationIps: ['10.0.0.1/32']}), decision: 'deny'},
    {name: 'not destination block', rules: rule({notDestinationIps: ['10.0.0.1/32']}), decision: 'allow'},
    {name: 'target port', rules: rule({destinationPorts: [80]}), decision: 'allow'},
    {name: 'not port', rules: rule({notDestinationPorts: [80]}), decision: 'deny'},
    {name: 'a field of the future', rules: rule({moonPhases: ['full']}), decision: 'undetermined'},
    {name: 'a field of the future beside one that fails', rules: rule({moonPhases: ['full'], destinationPorts: [1]}), decision: 'allow'},
    {name: 'a string match of the future', rules: rule({principals: [{Glob: '*'}]}), decision: 'undetermined'},
  ])('$name', ({rules, decision}) => {
    expect(decide([deny(rules)]).decision).toBe(decision)
  })

  test.each([
    {name: 'presence', rules: rule({principals: [{Presence: []}]}), decision: 'allow'},
    {name: 'G27: STRICT as a policy', rules: rule({notPrincipals: [{Presence: []}]}), decision: 'deny'},
    {
      name: 'negated fields always hold',
      rules: rule({notNamespaces: [{Exact: 'web'}], notServiceAccounts: [{namespace: 'web', serviceAccount: 'front'}]}),
      decision: 'deny',
    },
    {name: 'positive principals', rules: rule({principals: [{Suffix: '/sa/front'}]}), decision: 'allow'},
    {name: 'positive namespaces', rules: rule({namespaces: [{Exact: 'web'}]}), decision: 'allow'},
    {name: 'positive service accounts', rules: rule({serviceAccounts: [{namespace: 'web', serviceAccount: 'front'}]}), decision: 'allow'},
    {name: 'the namespace is the empty text', rules: rule({namespaces: [{Exact: ''}]}), decision: 'deny'},
    {name: 'which is not present', rules: rule({namespaces: [{Presence: []}]}), decision: 'allow'},
  ])('plaintext has no identity: $name', ({rules, decision}) => {
    expect(decide([deny(rules)], {identity: null}).decision).toBe(decision)
  })
})

describe('how policies decide together', () => {
  const everything = [[]]

  test.each([
    {name: 'no policy', policies: [], decision: 'allow', reasons: []},
    {name: 'an ALLOW that matches', policies: [allow(everything)], decision: 'allow', reasons: []},
    {name: 'an ALLOW that does not', policies: [allow([])], decision: 'deny', reasons: [{text: 'allow policies exist, but none allowed'}]},
    {
      name: 'DENY before ALLOW',
      policies: [allow(everything), deny(everything)],
      decision: 'deny',
      reasons: [{text: 'explicitly denied by: ns/d', policy: 'ns/d'}],
    },
    {name: 'a dry run denies nothing', policies: [{...deny(everything), dryRun: true}], decision: 'allow', reasons: []},
    {
      name: 'a dry run allows nothing',
      policies: [allow([]), {...allow(everything, 'b'), dryRun: true}],
      decision: 'deny',
      reasons: [{text: 'allow policies exist, but none allowed'}],
    },
    {name: 'a dry run is no ALLOW policy', policies: [{...allow([]), dryRun: true}], decision: 'allow', reasons: []},
  ])('$name', ({policies, decision, reasons}) => {
    expect(decide(policies)).toMatchObject({decision, reasons})
  })

  test('before 1.29 a dry run decides like any other', () => {
    expect(decide([{...deny([[]]), dryRun: true}], {minor: 28}).decision).toBe('deny')
  })

  test('policies of other namespaces, and selectors that are not named, do not apply', () => {
    const other = {...deny([[]]), namespace: 'other', scope: 'Namespace'}
    expect(decide([other], {selected: []}).decision).toBe('allow')
    expect(decide([deny([[]])], {selected: []}).decision).toBe('allow')
  })

  test('a selected policy that was not received is skipped', () => {
    expect(decide([], {selected: ['ns/unknown']}).decision).toBe('allow')
  })

  test('of several DENY policies of one scope any may be named; a list keeps its order (I.14)', () => {
    const scoped = ['b', 'a'].map((name) => ({...deny([[]], name), scope: 'Namespace'}))
    expect(decide(scoped, {selected: []}).reasons.map(({policy}) => policy)).toEqual(['ns/a', 'ns/b'])
    expect(decide([deny([[]], 'b'), deny([[]], 'a')]).reasons.map(({policy}) => policy)).toEqual(['ns/b'])
    expect(decide([...scoped, deny([[]], 'first')], {selected: ['ns/first']}).reasons).toHaveLength(2)
  })
})

describe('why', () => {
  test('the clause that decided, and its place in the dump', () => {
    const {steps} = decide([
      deny([[[{namespaces: [{Exact: 'ops'}]}, {destinationPorts: [8080]}]]]),
      allow(rule({principals: [{Suffix: '/back'}]})),
    ])
    expect(steps).toMatchObject([
      {kind: 'authorization', action: 'DENY', decision: 'deny', policy: 'ns/d', clause: 'rule 0: destinationPorts 8080'},
      {kind: 'authorization', action: 'ALLOW', decision: 'deny', policy: 'ns/a', clause: 'rule 0: not principals */back'},
    ])
    expect(steps[0]?.evidence.map(({pointer}) => pointer)).toEqual(['/policies/0', '/policies/0/rules/0/0'])
  })

  test('a dry run is marked', () => {
    expect(decide([{...deny([[]]), dryRun: true}]).steps).toMatchObject([
      {shadow: true, decision: 'deny', clause: 'rule 0: no clauses: matches everything'},
    ])
  })
})
