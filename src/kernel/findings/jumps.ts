import type {NetworkNamespace} from '../config/namespace.js'
import type {PacketRule} from '../config/packet-rules.js'
import {finding, placesOf, REWRITE, type CaptureFinding} from './finding.js'
import {chainOf} from './rules.js'

interface Jump {
  readonly table: 'mangle' | 'nat'
  readonly chain: string
  readonly loss?: string
}

const UNTRANSLATED = 'kube-proxy translates VIPs before ztunnel learns them'

/** envoy-2022 C: the node agent puts its jumps before all others. */
const JUMPS: readonly Jump[] = [
  {table: 'mangle', chain: 'PREROUTING', loss: 'nothing is captured'},
  {table: 'mangle', chain: 'INPUT'},
  {table: 'mangle', chain: 'FORWARD'},
  {table: 'mangle', chain: 'OUTPUT', loss: 'probes of the kubelet are captured'},
  {table: 'nat', chain: 'PREROUTING', loss: UNTRANSLATED},
  {table: 'nat', chain: 'POSTROUTING'},
]

export function jumpFindings(node: NetworkNamespace): readonly CaptureFinding[] {
  return JUMPS.flatMap((jump) => {
    if (chainOf(node, {table: jump.table, chain: ownChain(jump)}) === undefined) return []
    const rules = chainOf(node, jump)?.rules ?? []
    const at = rules.findIndex(({target}) => target.kind === 'jump' && target.chain === ownChain(jump))
    return at === -1 ? [missingJump(node, jump)] : lateJump(node, {jump, rule: rules[at], before: rules.slice(0, at)})
  })
}

function ownChain({chain}: Jump): string {
  return `ztunnel-${chain}`
}

function missingJump(node: NetworkNamespace, jump: Jump): CaptureFinding {
  const {table, chain, loss} = jump
  return finding(node.name, {
    kind: 'rule-missing',
    severity: loss === undefined ? 'unsure' : 'broken',
    what: `the ${table} rule \`-A ${chain} -j ${ownChain(jump)}\` is missing${loss === undefined ? '' : `: ${loss}`}`,
    evidence: placesOf(chainOf(node, jump)?.place),
    fix: REWRITE,
  })
}

interface Late {
  readonly jump: Jump
  readonly rule: PacketRule | undefined
  readonly before: readonly PacketRule[]
}

/** Rules that only count or log may come first. Those of other programs may take a packet, or leave it alone. */
function lateJump(node: NetworkNamespace, {jump, rule, before}: Late): readonly CaptureFinding[] {
  const [first] = before.filter(({target}) => target.kind !== 'continue')
  if (first === undefined) return []
  const translates = jump.table === 'nat' && before.some(({target}) => target.kind === 'dnat' || leadsToServices(target))
  return [
    finding(node.name, {
      kind: 'rule-order',
      severity: translates ? 'broken' : 'unsure',
      what: `the ${jump.table} jump to ${ownChain(jump)} comes after \`${first.text}\`${translates ? `: ${UNTRANSLATED}` : ''}`,
      evidence: placesOf(rule?.place, first.place),
      fix: REWRITE,
    }),
  ]
}

function leadsToServices(target: PacketRule['target']): boolean {
  return target.kind === 'jump' && target.chain === 'KUBE-SERVICES'
}
