import {readPacketRules} from '../config/iptables-save.js'
import type {PacketRule} from '../config/packet-rules.js'

/** The ztunnel pod as the rules of its node name it, and the address of the node that is exempt from capture (HostIP). */
export interface NodeNames {
  readonly ip: string
  /** The device of the node that leads to the pod. */
  readonly device: string
  readonly exempt: string
}

export interface ExpectedChain {
  readonly table: string
  readonly chain: string
  readonly rules: readonly ExpectedRule[]
}

export interface ExpectedRule {
  readonly rule: PacketRule
  /** What no longer works without it; absent where connections take their way all the same. */
  readonly loss?: string
  /** Written with some settings only. */
  readonly optional?: true
}

type Line = readonly [rule: string, loss?: string | undefined, optional?: true]

/** envoy-2022 C.1, with what the kernel did in its absence. */
export function nodeChains({ip, device, exempt}: NodeNames): readonly ExpectedChain[] {
  return [
    expected({
      table: 'mangle',
      chain: 'ztunnel-OUTPUT',
      lines: [[`-s ${exempt}/32 -j MARK --set-xmark 0x220/0xffffffff`, 'probes of the kubelet are captured']],
    }),
    expected({table: 'mangle', chain: 'ztunnel-FORWARD', lines: SAVED}),
    expected({table: 'mangle', chain: 'ztunnel-INPUT', lines: SAVED}),
    expected({table: 'mangle', chain: 'ztunnel-PREROUTING', lines: preroutingOf({ip, device})}),
    expected({
      table: 'nat',
      chain: 'ztunnel-PREROUTING',
      lines: [
        ['-m mark --mark 0x100/0x100 -j ACCEPT', 'kube-proxy translates VIPs before ztunnel learns them'],
        [`-p udp -m set --match-set ztunnel-pods-ips src -m udp --dport 53 -j DNAT --to-destination ${ip}:15053`, undefined, true],
      ],
    }),
    expected({table: 'nat', chain: 'ztunnel-POSTROUTING', lines: [['-m mark --mark 0x100/0x100 -j ACCEPT']]}),
  ]
}

const SAVED: readonly Line[] = [
  ['-m mark --mark 0x220/0x220 -j CONNMARK --save-mark --nfmask 0x220 --ctmask 0x220'],
  ['-m mark --mark 0x210/0x210 -j CONNMARK --save-mark --nfmask 0x210 --ctmask 0x210'],
]

const RETURN: Line = ['-m mark --mark 0x200/0x200 -j RETURN']
const KEPT = 'connections of ztunnel that keep the address of their client are captured again'
const FROM_TUNNEL = 'what comes out of the tunnel is captured again'

function preroutingOf({ip, device}: Pick<NodeNames, 'ip' | 'device'>): readonly Line[] {
  return [
    ['-i istioin -j MARK --set-xmark 0x200/0x200', FROM_TUNNEL],
    ['-i istioin -j RETURN'],
    ['-i istioout -j MARK --set-xmark 0x200/0x200', FROM_TUNNEL],
    ['-i istioout -j RETURN'],
    ['-p udp -m udp --dport 6081 -j RETURN'],
    ['-m connmark --mark 0x220/0x220 -j MARK --set-xmark 0x200/0x200'],
    RETURN,
    [`! -i ${device} -m connmark --mark 0x210/0x210 -j MARK --set-xmark 0x40/0x40`],
    ['-m mark --mark 0x40/0x40 -j RETURN'],
    [`! -s ${ip}/32 -i ${device} -j MARK --set-xmark 0x210/0x210`, KEPT],
    [RETURN[0], KEPT],
    [`-i ${device} -j MARK --set-xmark 0x220/0x220`, 'what ztunnel sends to enrolled pods comes back to it'],
    ['-p udp -j MARK --set-xmark 0x220/0x220'],
    RETURN,
    ['-p tcp -m set --match-set ztunnel-pods-ips src -j MARK --set-xmark 0x100/0x100', 'what enrolled pods send is not captured'],
  ]
}

/** envoy-2022 C.2. Between them may be rules that only write a log. */
export function ztunnelChains(ip: string): readonly ExpectedChain[] {
  const tproxy = (port: number): string => `-j TPROXY --on-port ${port} --on-ip 127.0.0.1 --tproxy-mark 0x400/0xfff`
  return [
    expected({
      table: 'mangle',
      chain: 'PREROUTING',
      lines: [
        [`-i pistioin -p tcp -m tcp --dport 15008 ${tproxy(15_008)}`, 'tunnels from other nodes end at port 15006, which takes no TLS'],
        [`-i pistioout -p tcp ${tproxy(15_001)}`, 'what enrolled pods send does not reach ztunnel'],
        [`-i pistioin -p tcp ${tproxy(15_006)}`, 'what comes for enrolled pods without a tunnel does not reach ztunnel'],
        [
          `! -d ${ip}/32 -i eth0 -p tcp -j MARK --set-xmark 0x4d3/0xfff`,
          'answers to connections that keep the address of their client are lost',
        ],
      ],
    }),
    expected({
      table: 'nat',
      chain: 'OUTPUT',
      lines: [['-p tcp -m tcp --dport 15088 -j REDIRECT --to-ports 15008', 'tunnels between two pods of this node are lost']],
    }),
  ]
}

interface Draft {
  readonly table: string
  readonly chain: string
  readonly lines: readonly Line[]
}

/** Read by the same parser as what was recorded. */
function expected({table, chain, lines}: Draft): ExpectedChain {
  const text = [`*${table}`, `:${chain} - [0:0]`, ...lines.map(([rule]) => `-A ${chain} ${rule}`), 'COMMIT'].join('\n')
  const [read] = readPacketRules([{file: 'expected', text}], 4).tables
  const rules = read?.chains.get(chain)?.rules ?? []
  return {
    table,
    chain,
    rules: rules.map((rule, at) => {
      const [, loss, optional] = lines[at] ?? []
      return {rule, ...(loss === undefined ? {} : {loss}), ...(optional === undefined ? {} : {optional})}
    }),
  }
}
