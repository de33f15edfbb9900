import {expect, test} from 'vitest'
import {admit} from '../../../src/kernel/network-policy/admit.js'
import type {PolicyHop} from '../../../src/kernel/network-policy/model.js'
import {CLIENT, egress, ingress, plugin, policies, SERVER, STRANGER} from './ends.js'

const NO_RULE = 'no rule admits TCP 15008 from 10.0.0.1'

interface Case {
  readonly what: string
  readonly specs: readonly string[]
  readonly hop?: Partial<PolicyHop>
  readonly because: string
  readonly advice: string
}

const CASES: readonly Case[] = [
  {
    what: 'a rule for the port of the application',
    specs: [ingress('ingress: [{ports: [{port: 8080}]}]')],
    because: `${NO_RULE}: spec.ingress[0] takes only TCP 8080`,
    advice: 'add {protocol: TCP, port: 15008} to spec.ingress[0].ports of shop/p0',
  },
  {
    what: 'a rule for others',
    specs: [ingress('ingress: [{from: [{podSelector: {matchLabels: {app: x}}}]}]')],
    because: `${NO_RULE}: spec.ingress[0] takes TCP 15008, but not from 10.0.0.1 (shop/client)`,
    advice: 'add pod shop/client to spec.ingress[0].from of shop/p0',
  },
  {
    what: 'a rule for other ports of others',
    specs: [
      ingress('ingress: [{from: [{podSelector: {matchLabels: {app: x}}}], ports: [{port: web}, {port: 1, endPort: 9}, {protocol: UDP}]}]'),
    ],
    because: `${NO_RULE}: spec.ingress[0] takes only TCP web, TCP 1-9, UDP, and not from 10.0.0.1 (shop/client)`,
    advice: 'add to spec.ingress of shop/p0 a rule for {protocol: TCP, port: 15008} from pod shop/client',
  },
  {
    what: 'no rule at all',
    specs: [ingress('ingress: []')],
    because: `${NO_RULE}: it has no ingress rule`,
    advice: 'add to spec.ingress of shop/p0 a rule for {protocol: TCP, port: 15008} from pod shop/client',
  },
  {
    what: 'several policies: the one that needs least',
    specs: [ingress('ingress: []'), ingress('ingress: [{from: [{ipBlock: {cidr: 9.9.9.9/32}}]}, {ports: [{port: 8080}]}]')],
    because: `${NO_RULE}: shop/p1 spec.ingress[0] takes TCP 15008, but not from 10.0.0.1 (shop/client); shop/p1 spec.ingress[1] takes only TCP 8080; shop/p0 has no ingress rule`,
    advice: 'add {protocol: TCP, port: 15008} to spec.ingress[1].ports of shop/p1',
  },
  {
    what: 'more rules than one can read',
    specs: [
      ingress('ingress: [{ports: [{port: 1}]}, {ports: [{port: 2}]}, {ports: [{port: 3}]}, {ports: [{port: 4}]}, {ports: [{port: 5}]}]'),
    ],
    because: `${NO_RULE}: spec.ingress[0] takes only TCP 1; spec.ingress[1] takes only TCP 2; spec.ingress[2] takes only TCP 3; 2 more rules`,
    advice: 'add {protocol: TCP, port: 15008} to spec.ingress[0].ports of shop/p0',
  },
  {
    what: 'egress to what is no pod',
    specs: [egress('egress: [{to: [{podSelector: {}}]}]')],
    hop: {destination: STRANGER, port: 443},
    because: 'no rule admits TCP 443 to 192.0.2.7: spec.egress[0] takes TCP 443, but not to 192.0.2.7',
    advice: 'add ipBlock 192.0.2.7/32 to spec.egress[0].to of shop/p0',
  },
  {
    what: 'a probe that Cilium does not know',
    specs: [ingress('ingress: []')],
    hop: {source: {ip: '169.254.7.127'}, destination: {...SERVER, plugin: plugin({knowsProbes: 'no'})}},
    because: 'no rule admits 169.254.7.127, the address that capture gives to probes, and Cilium does not know it',
    advice: 'admit it with a CiliumClusterwideNetworkPolicy: fromCIDR 169.254.7.127/32',
  },
]

test.each(CASES)('$what: says why, and what to add', ({specs, hop, because, advice}) => {
  const {directions} = admit(policies(...specs), {source: CLIENT, destination: SERVER, port: 15_008, protocol: 'TCP', ...hop})
  expect(directions.find(({admitted}) => admitted === 'no')).toMatchObject({because, advice})
})

test('what no rule admits names the policies that isolate; what is open says why', () => {
  const {directions} = admit(policies(ingress('ingress: []')), {source: CLIENT, destination: SERVER, port: 15_008, protocol: 'TCP'})
  expect(directions).toMatchObject([
    {direction: 'egress', admitted: 'yes', because: 'no policy selects shop/client for egress'},
    {direction: 'ingress', admitted: 'no', isolatedBy: [{name: 'p0', place: {line: 1}}]},
  ])
})

test('the advice is enough: with the port it names the connection is admitted', () => {
  const hop = {source: CLIENT, destination: SERVER, port: 15_008, protocol: 'TCP'} as const
  expect(admit(policies(ingress('ingress: [{ports: [{port: 8080}, {protocol: TCP, port: 15008}]}]')), hop).admitted).toBe('yes')
})
