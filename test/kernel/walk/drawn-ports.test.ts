import {describe, expect, test} from 'vitest'
import {joinNamespaces} from '../../../src/kernel/config/network.js'
import {walkAttempt, type Attempt} from '../../../src/kernel/walk/connect.js'
import {smallNamespace} from '../small-namespace.js'

interface Drawn {
  readonly what: string
  /** Of the sender, behind its routing decision. */
  readonly source: string
  /** Of the receiver. */
  readonly rules?: string
  readonly ipset?: string
  readonly routing?: string
  readonly sourcePort?: number
  /** How each branch ends, and the port its receiver saw: `*` where it was drawn. */
  readonly ends: readonly string[]
}

const drop = (match: string): string => `*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp ${match} -j DROP\nCOMMIT`

const CASES: readonly Drawn[] = [
  {what: 'the port is kept', source: 'MASQUERADE', ends: ['connected 40000']},
  {what: 'nothing asks for a drawn port', source: 'MASQUERADE --random-fully', ends: ['connected *']},
  {what: 'a port of the range stays', source: 'MASQUERADE --to-ports 30000-50000', ends: ['connected 40000']},
  {what: 'one of the range is drawn', source: 'MASQUERADE --to-ports 1024-2048', ends: ['connected *']},
  {what: 'a range of one', source: 'SNAT --to-source 10.0.0.3:1024', ends: ['connected 1024']},
  {what: 'only ports', source: 'SNAT --to-source :1024-1025 --random', ends: ['connected *']},
  {
    what: 'a rule asks for a part of what may be drawn',
    source: 'MASQUERADE --random',
    rules: drop('--sport 2000:3000'),
    ends: ['timeout', 'connected *'],
  },
  {what: 'a rule asks for all that may be drawn', source: 'MASQUERADE --random', rules: drop('--sport 1024:65535'), ends: ['timeout']},
  {what: 'a rule asks for nothing that may be drawn', source: 'MASQUERADE --random', rules: drop('--sport 1:1023'), ends: ['connected *']},
  {what: 'a rule asks for one of very many', source: 'MASQUERADE --random', rules: drop('--sport 15008'), ends: ['connected *']},
  {what: 'a rule asks for all but one of very many', source: 'MASQUERADE --random', rules: drop('! --sport 15008'), ends: ['timeout']},
  {what: 'low ports stay low', source: 'MASQUERADE --random', sourcePort: 600, rules: drop('--sport 1024:65535'), ends: ['connected *']},
  {
    what: 'the lowest ports stay lowest',
    source: 'MASQUERADE --random',
    sourcePort: 80,
    rules: drop('--sport 512:65535'),
    ends: ['connected *'],
  },
  {what: 'either port', source: 'MASQUERADE --random', rules: drop('-m multiport --ports 1024:65535'), ends: ['timeout']},
  {
    what: 'a set asks for the port',
    source: 'MASQUERADE --to-ports 1024-1025 --random',
    rules: drop('-m set --match-set s src'),
    ipset: 'create s bitmap:port range 0-2048\nadd s 1024',
    ends: ['timeout', 'connected *'],
  },
  {
    what: 'the connection remembers what it came with',
    source: 'MASQUERADE --random',
    rules: drop('-m conntrack --ctorigsrcport 2000:3000'),
    ends: ['timeout', 'connected *'],
  },
  {
    what: 'an ip rule asks for the port',
    source: 'MASQUERADE --random',
    routing: '0: from all lookup local\n10: from all ipproto tcp dport 2000-3000 lookup 7\n32766: from all lookup main',
    ends: ['open: ip rule 10 asks for a port that the kernel draws'],
  },
]

const ASKED: Attempt = {
  namespace: 'here',
  protocol: 'tcp',
  source: '10.0.0.2',
  sourcePort: 40_000,
  destination: {ip: '10.0.0.9', port: 80},
  mark: 0,
  transparent: false,
}

function ends({source, rules, ipset, routing, sourcePort = 40_000}: Drawn): readonly string[] {
  const here = smallNamespace({
    name: 'here',
    links: ['eth0 2 10.0.0.2/24,10.0.0.3/24 7 there'],
    iptables: `*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -p tcp -j ${source}\nCOMMIT`,
  })
  const there = smallNamespace({
    name: 'there',
    links: ['eth0 7 10.0.0.9/24 2 here'],
    listens: [80],
    ...(rules === undefined ? {} : {iptables: rules}),
    ...(ipset === undefined ? {} : {ipset}),
    ...(routing === undefined ? {} : {rules: routing}),
  })
  const attempt: Attempt = {...ASKED, sourcePort}
  return (walkAttempt(joinNamespaces([here, there]), attempt) ?? []).map(({outcome: {result, owner, doubts}}) => {
    if (doubts.length > 0) return `open: ${doubts.join()}`
    return [result, ...(owner === undefined ? [] : [owner.drawnPeer === true ? '*' : owner.peer.port])].join(' ')
  })
}

test.each(['MASQUERADE', 'MASQUERADE --random', 'SNAT --to-source 10.0.0.3 --random', 'MASQUERADE --to-ports 1000-1001'])(
  'an error about a packet after %s comes back to its socket',
  (target) => {
    const here = smallNamespace({
      name: 'here',
      links: ['eth0 2 10.0.0.2/24,10.0.0.3/24 7 there'],
      routes: 'default via 10.0.0.9 dev eth0',
      iptables: `*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -p tcp -j ${target}\nCOMMIT`,
    })
    const there = smallNamespace({name: 'there', links: ['eth0 7 10.0.0.9/24 2 here']})
    const attempt: Attempt = {...ASKED, destination: {ip: '10.5.0.1', port: 80}}
    expect((walkAttempt(joinNamespaces([here, there]), attempt) ?? []).map(({outcome}) => outcome.result)).toEqual(['ENETUNREACH'])
  },
)

describe('ports that the kernel draws', () => {
  test.each(CASES)('$what', (one) => {
    expect(ends(one)).toEqual(one.ends)
  })
})
