import {describe, expect, test} from 'vitest'
import {smallNamespace, type SmallNamespace} from '../small-namespace.js'
import {walkSmall, type SmallWalk} from '../small-walk.js'

function walk(texts: Partial<SmallNamespace>): SmallWalk {
  const namespace = smallNamespace({
    name: 'here',
    links: ['eth0 2 10.0.0.2/24 7 elsewhere'],
    routes: 'default via 10.0.0.1 dev eth0',
    rules: '0: from all lookup local\n10: from all fwmark 0x1 blackhole\n32766: from all lookup main',
    listens: [15_001, 15_006],
    ...texts,
  })
  return walkSmall(namespace)
}

const table = (name: string, heading: string, rule: string): string =>
  `table inet ${name} {\n\tchain base {\n\t\ttype ${heading}; policy accept;\n\t\t${rule}\n\t}\n}\n`

const ports = ({branches}: SmallWalk): readonly (number | undefined)[] => branches.map(({outcome}) => outcome.owner?.port)

describe('two tables that translate', () => {
  const redirects = (first: string, second: string): string =>
    table('one', `nat hook output priority ${first}`, 'meta l4proto tcp redirect to :15001') +
    table('two', `nat hook output priority ${second}`, 'meta l4proto tcp redirect to :15006')

  test.each([
    {what: 'the lower priority decides', nft: redirects('dstnat', 'dstnat - 5'), port: 15_006},
    {what: 'wherever it is listed', nft: redirects('dstnat', 'dstnat + 5'), port: 15_001},
  ])('$what', ({nft, port}) => {
    expect(ports(walk({nft}))).toEqual([port])
  })

  test('of one priority: no output tells which comes first', () => {
    const result = walk({nft: redirects('dstnat', 'dstnat')})
    expect([result.ends, ports(result)]).toEqual([
      ['one of 2 captured connected', 'one of 2 captured connected'],
      [15_001, 15_006],
    ])
    expect(result.branches.map(({assumed}) => assumed)).toEqual(
      [true, false].map((holds) => [{what: 'inet one comes before inet two at OUTPUT of here', holds}]),
    )
  })

  test('also where one is of iptables-legacy', () => {
    const iptables = '*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\nCOMMIT'
    const result = walk({iptables, nft: table('two', 'nat hook output priority dstnat', 'meta l4proto tcp redirect to :15006')})
    expect(ports(result)).toEqual([15_001, 15_006])
    expect(result.branches[0]?.assumed[0]?.what).toBe('table nat of iptables-legacy comes before inet two at OUTPUT of here')
  })

  test('an order that changes nothing is not told', () => {
    const nft =
      table('one', 'filter hook output priority filter', 'tcp dport 81 drop') +
      table('two', 'filter hook output priority filter', 'tcp dport 82 drop')
    const {ends, branches} = walk({nft})
    expect([ends, branches.map(({assumed}) => assumed)]).toEqual([['1 left connected'], [[]]])
  })
})

describe('a chain of nft', () => {
  test.each([
    {
      what: 'of type route asks for another route',
      nft: table('t', 'route hook output priority mangle', 'meta mark set 0x1'),
      ends: ['1 dropped timeout'],
    },
    {
      what: 'of type filter does not',
      nft: table('t', 'filter hook output priority mangle', 'meta mark set 0x1'),
      ends: ['1 left connected'],
    },
    {
      what: 'of type nat does not for a mark',
      nft: table('t', 'nat hook output priority dstnat', 'meta mark set 0x1'),
      ends: ['1 left connected'],
    },
    {what: 'after routing may drop', nft: table('t', 'filter hook postrouting priority filter', 'drop'), ends: ['1 dropped timeout']},
    {
      what: 'behind dstnat sees the translated address',
      nft:
        table('a', 'nat hook output priority dstnat', 'meta l4proto tcp dnat ip to 10.7.0.1:81') +
        table('b', 'filter hook output priority dstnat + 10', 'ip daddr 10.7.0.1 drop'),
      ends: ['1 dropped timeout'],
    },
    {
      what: 'before dstnat sees the dialled one',
      nft:
        table('a', 'nat hook output priority dstnat', 'meta l4proto tcp dnat ip to 10.7.0.1:81') +
        table('b', 'filter hook output priority dstnat - 10', 'ip daddr 10.5.0.1 drop'),
      ends: ['1 dropped timeout'],
    },
  ])('$what', ({nft, ends}) => {
    expect(walk({nft}).ends).toEqual(ends)
  })
})
