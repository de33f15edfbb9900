import {describe, expect, test} from 'vitest'
import {readNetworkPolicies} from '../../../src/kernel/network-policy/read.js'
import {parsed, policy} from './ends.js'

const PLACE = {file: 'p.yaml', line: 3}

function namesIn(value: unknown): readonly string[] {
  return readNetworkPolicies([{value, place: PLACE}]).map(({namespace = '', name}) => `${namespace}/${name}`)
}

describe('reading', () => {
  test('takes Lists, and passes over other kinds', () => {
    const items = [policy('podSelector: {}', 1), {kind: 'Service', metadata: {name: 's'}}, policy('podSelector: {}', 0)]
    expect(namesIn({kind: 'List', items})).toEqual(['shop/p0', 'shop/p1'])
  })

  test('takes items of a NetworkPolicyList without a kind', () => {
    expect(namesIn(parsed('kind: NetworkPolicyList\nitems: [{metadata: {name: a}, spec: {}}]'))).toEqual(['default/a'])
  })

  test('of two with the same name the later one counts', () => {
    const documents = ['podSelector: {}', ingressOnly()].map((spec) => ({value: policy(spec), place: PLACE}))
    expect(readNetworkPolicies(documents)).toMatchObject([{ingress: [{}]}])
  })

  test('does not depend on the order of documents', () => {
    const documents = [2, 0, 1].map((index) => ({value: policy('podSelector: {}', index), place: PLACE}))
    expect(readNetworkPolicies(documents)).toEqual(readNetworkPolicies(documents.toReversed()))
  })

  test('takes the group of old clusters', () => {
    expect(namesIn({...Object(policy('podSelector: {}')), apiVersion: 'extensions/v1beta1'})).toEqual(['shop/p0'])
  })
})

function ingressOnly(): string {
  return 'podSelector: {}\ningress: [{}]'
}

describe('what is no policy is named with pointer, what was expected and what was there:', () => {
  test.each([
    {
      what: 'a block that is none',
      spec: 'ingress: [{from: [{ipBlock: {cidr: nonsense/8}}]}]',
      at: '/spec/ingress/0/from/0/ipBlock/cidr',
      expected: 'a CIDR such as 10.0.0.0/8',
      got: '"nonsense/8"',
    },
    {
      what: 'an address without a length',
      spec: 'ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}]}]',
      at: '/spec/ingress/0/from/0/ipBlock/cidr',
      expected: 'a CIDR such as 10.0.0.0/8',
      got: '"10.0.0.1"',
    },
    {
      what: 'an exception outside its block',
      spec: 'ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]',
      at: '/spec/ingress/0/from/0/ipBlock/except/0',
      expected: 'a CIDR inside that of the block',
    },
    {
      what: 'an exception of the whole block',
      spec: 'ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]',
      at: '/spec/ingress/0/from/0/ipBlock/except/0',
      expected: 'a CIDR inside that of the block',
    },
    {
      what: 'a block beside a selector',
      spec: 'ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]',
      at: '/spec/ingress/0/from/0',
      expected: 'either ipBlock, or namespaceSelector and podSelector',
    },
    {
      what: 'a peer that is nobody',
      spec: 'egress: [{to: [{}]}]',
      at: '/spec/egress/0/to/0',
      expected: 'either ipBlock, or namespaceSelector and podSelector',
      got: 'an empty object',
    },
    {
      what: 'an operator that is none',
      spec: 'podSelector: {matchExpressions: [{key: a, operator: Is}]}',
      at: '/spec/podSelector/matchExpressions/0/operator',
      expected: 'In, NotIn, Exists or DoesNotExist',
      got: '"Is"',
    },
    {
      what: 'In without values',
      spec: 'podSelector: {matchExpressions: [{key: a, operator: In}]}',
      at: '/spec/podSelector/matchExpressions/0/values',
      expected: 'values for In and NotIn, none for Exists and DoesNotExist',
    },
    {
      what: 'Exists with values',
      spec: 'podSelector: {matchExpressions: [{key: a, operator: Exists, values: [x]}]}',
      at: '/spec/podSelector/matchExpressions/0/values',
      expected: 'values for In and NotIn, none for Exists and DoesNotExist',
    },
    {
      what: 'a label that is a number',
      spec: 'podSelector: {matchLabels: {version: 1}}',
      at: '/spec/podSelector/matchLabels/version',
      expected: 'a text',
      got: '1',
    },
    {
      what: 'a port that is none',
      spec: 'ingress: [{ports: [{port: 70000}]}]',
      at: '/spec/ingress/0/ports/0/port',
      expected: 'a port from 1 to 65535, or the name of one',
      got: '70000',
    },
    {
      what: 'a number in quotes',
      spec: 'ingress: [{ports: [{port: "8080"}]}]',
      at: '/spec/ingress/0/ports/0/port',
      expected: 'a port from 1 to 65535, or the name of one',
      got: '"8080"',
    },
    {
      what: 'a range without a start',
      spec: 'ingress: [{ports: [{endPort: 9}]}]',
      at: '/spec/ingress/0/ports/0/endPort',
      expected: 'the end of a range that starts with the number of port',
      got: '9',
    },
    {
      what: 'a range from a name',
      spec: 'ingress: [{ports: [{port: web, endPort: 9}]}]',
      at: '/spec/ingress/0/ports/0/endPort',
      expected: 'the end of a range that starts with the number of port',
    },
    {
      what: 'a range that ends before it starts',
      spec: 'ingress: [{ports: [{port: 10, endPort: 9}]}]',
      at: '/spec/ingress/0/ports/0/endPort',
      expected: 'the end of a range that starts with the number of port',
    },
    {
      what: 'a protocol that is none',
      spec: 'ingress: [{ports: [{protocol: tcp}]}]',
      at: '/spec/ingress/0/ports/0/protocol',
      expected: 'TCP, UDP or SCTP',
      got: '"tcp"',
    },
    {
      what: 'a type that is none',
      spec: 'policyTypes: [ingress]',
      at: '/spec/policyTypes/0',
      expected: 'Ingress or Egress',
      got: '"ingress"',
    },
    {
      what: 'rules that are no list',
      spec: 'ingress: {from: []}',
      at: '/spec/ingress',
      expected: 'a list of rules',
      got: 'an object of from',
    },
    {
      what: 'a member that a rule does not have',
      spec: 'ingress: [{form: []}]',
      at: '/spec/ingress/0/form',
      expected: 'from and ports',
      got: 'a list of 0',
    },
    {
      what: 'the member of the other direction',
      spec: 'ingress: [{to: []}]',
      at: '/spec/ingress/0/to',
      expected: 'from and ports',
      got: 'a list of 0',
    },
    {
      what: 'a key that is none of an object',
      spec: 'podSelector: {matchLabels: {__proto__: x}}',
      at: '/spec/podSelector/matchLabels',
      expected: 'labels: text to text',
    },
    {
      what: 'a key with a slash',
      spec: 'podSelector: {matchLabels: {a/b: [x]}}',
      at: '/spec/podSelector/matchLabels/a~1b',
      expected: 'a text',
      got: 'a list of 1',
    },
  ])('$what', ({spec, at, expected, got}) => {
    expect(() => namesIn(policy(spec))).toThrow(
      expect.objectContaining({
        message: `This is no NetworkPolicy: ${at}`,
        where: 'p.yaml:3',
        exitCode: 65,
        expected,
        ...(got === undefined ? {} : {got}),
      }),
    )
  })

  test('a name that is missing', () => {
    expect(() => namesIn({kind: 'NetworkPolicy', metadata: {}})).toThrow(
      expect.objectContaining({message: 'This is no NetworkPolicy: /metadata/name', expected: 'a text', got: 'nothing'}),
    )
  })
})
