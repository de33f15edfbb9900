import type {PortRange} from './model.js'
import {natAddress} from './nat-address.js'
import {markStatement} from './nft-mark.js'
import {unknownMatch, type NftContext, type NftParser} from './nft-reader.js'
import type {Target} from './packet-rules.js'
import {dscpValue} from './type-of-service.js'
import {withRandom} from './rule-target.js'

/** How NAT chooses: `random`, `fully-random`, `persistent`, in every order. */
const HOW = String.raw`((?:,? ?(?:fully-random|random|persistent))*)(?= |$)`
const LATER = String.raw`(?= (?:counter|accept|drop|return|tproxy|jump|goto|meta|ct|comment)(?: (?!mark)|$)| (?:meta|ct) mark set |$)`

/** What a rule does. Source: nft(8). */
export const TARGETS: readonly NftParser[] = [
  {
    // iptables-nft lets prefixes hold quotes, which nft prints as they are.
    pattern:
      /^log(?: (?:prefix "(?:[^"]|"(?! |$))*"(?: ?")*|flags (?:tcp \S+|ip options|skuid|ether|all)|(?:level|group|snaplen|queue-threshold) \S+))*/,
    read: () => proceed('LOG'),
  },
  {
    pattern: /^(?:update|add|delete) @(\S+) \{([^}]*)\}/,
    read: ([set = '', text = '']) =>
      // A rate or a count inside decides whether the rule goes on.
      /\b(limit|quota|ct count)\b/.test(text) ? {matches: [unknownMatch(`@${set} {${text}}`)]} : proceed('set'),
  },
  {
    pattern: /^(accept|drop|return)(?= |$)/,
    read: ([kind]) => ({targets: [{kind: kind === 'accept' ? 'accept' : kind === 'drop' ? 'drop' : 'return'}]}),
  },
  {pattern: /^continue(?= |$)/, read: () => proceed('continue')},
  {pattern: /^(jump|goto) (\S+)/, read: ([kind, chain = ''], context) => ({targets: [jump(kind, {...context, chain})]})},
  {
    pattern: /^reject(?: with ((?:icmp|icmpv6|icmpx) (?:type )?[\w-]+|tcp reset))?(?= |$)/,
    read: ([how]) => ({targets: [{kind: 'reject', with: how === undefined || how === '' ? 'icmp-port-unreachable' : how}]}),
  },
  {
    pattern: new RegExp(`^redirect(?: to :(\\d+)(?:-(\\d+))?)?${HOW}`),
    read: ([from, to, how]) => ({targets: [randomly({kind: 'redirect', ...portsFrom(from, to)}, how)]}),
  },
  {pattern: new RegExp(`^(dnat|snat) (?:ip6? )?to (\\S+)${HOW}`), read: ([kind, to = '', how = '']) => ({targets: [nat(kind, {to, how})]})},
  {
    pattern: new RegExp(`^masquerade(?: to :(\\d+)(?:-(\\d+))?)?${HOW}`),
    read: ([from, to, how = '']) => ({targets: [{kind: 'masquerade', randomPort: isRandom(how), ...portsFrom(from, to)}]}),
  },
  {pattern: /^tproxy (?:ip6? )?to (\S+)(?= |$)/, read: ([to = '']) => ({targets: [transparentProxy(to)]})},
  {
    pattern: /^ct (?:(original|reply) )?zone set (\d+)(?= |$)/,
    read: ([of, zone]) => ({
      targets: [{kind: 'zone', zone: Number(zone), overrides: true, ...(of === 'original' || of === 'reply' ? {of} : {})}],
    }),
  },
  {pattern: /^notrack(?= |$)/, read: () => ({targets: [{kind: 'notrack', overrides: true}]})},
  {
    pattern: new RegExp(`^(meta|ct) mark set (.*?)${LATER}`),
    read: ([field, value = '']) => ({targets: [markStatement({field, value})]}),
  },
  {
    pattern: /^(ip6?) dscp set (\w+)(?= |$)(?! (?:and|or|xor|&|\||\^) | dscp)/,
    read: ([version = '', value = ''], {family}) => {
      if ((version === 'ip6' ? 6 : 4) !== family) return 'other-family'
      const change = dscpValue(value)
      return {targets: [change === undefined ? {kind: 'unknown', text: `${version} dscp set ${value}`} : {kind: 'set-tos', change}]}
    },
  },
  {pattern: /^xt target (\S+)/, read: ([name]) => ({targets: [{kind: 'unknown', text: `-j ${name ?? ''}`}]})},
  // Statements that change nothing a decision looks at.
  {pattern: /^meta nftrace set [01](?= |$)/, read: () => proceed('TRACE')},
  {pattern: /^meta (?:priority|pkttype) set \S+/, read: () => proceed('meta')},
  {pattern: /^ct (?:event|label|helper|timeout|expectation) set \S+/, read: () => proceed('ct')},
  {pattern: /^tcp option \w+ size set (?:rt mtu|\d+)/, read: () => proceed('TCPMSS')},
  {pattern: /^(?:flow add|flow offload) @\S+/, read: () => proceed('flow')},
  {pattern: /^dup to \S+(?: device \S+)?/, read: () => proceed('dup')},
]

function proceed(name: string): {readonly targets: readonly Target[]} {
  return {targets: [{kind: 'continue', name}]}
}

function jump(kind: string | undefined, {chain, isChain}: NftContext & {readonly chain: string}): Target {
  if (!isChain(chain)) return {kind: 'unknown', text: `${kind ?? ''} ${chain}`}
  return {kind: kind === 'goto' ? 'goto' : 'jump', chain}
}

function isRandom(how: string): boolean {
  return how.includes('random')
}

/** `10.0.0.1:80`, `[fd00::1]:80-90`, `:80`: as iptables says it. */
function nat(kind: string | undefined, {to, how}: {readonly to: string; readonly how: string}): Target {
  const address = natAddress(to)
  if (address === undefined) return {kind: 'unknown', text: `${kind ?? ''} to ${to}`}
  if (kind === 'dnat') return randomly({kind, ...address}, how)
  return {kind: 'snat', ...address, ...(isRandom(how) ? {random: true} : {})}
}

function randomly(target: Extract<Target, {kind: 'redirect' | 'dnat'}>, how = ''): Target {
  return withRandom(target, isRandom(how)) ?? {kind: 'unknown', text: `${target.kind}${how}`}
}

function transparentProxy(to: string): Target {
  const {ip, ports: range} = natAddress(to) ?? {}
  if (range === undefined) return {kind: 'unknown', text: `tproxy to ${to}`}
  return {kind: 'tproxy', port: range.from, mark: {value: 0, mask: 0}, lenient: true, ...(ip === undefined ? {} : {ip})}
}

function portsFrom(from = '', to = ''): {readonly ports?: PortRange} {
  return from === '' ? {} : {ports: {from: Number(from), to: Number(to === '' ? from : to)}}
}
