import type {Backend, PacketRule, PacketRules, RuleTable} from '../config/packet-rules.js'

export type Hook = 'PREROUTING' | 'OUTPUT' | 'POSTROUTING'

/** Where a rule is asked. */
export interface HookOfTable {
  readonly table: string
  readonly hook: Hook
}

/** Where istio-cni has rules of its own in a pod. */
export const CAPTURE_HOOKS: readonly HookOfTable[] = ['raw', 'mangle', 'nat'].flatMap((table) =>
  (['PREROUTING', 'OUTPUT'] as const).map((hook) => ({table, hook})),
)

/** All rules that packets of a hook may meet in the tables of one name and backend, in order; jumps are followed, and are rules themselves. */
export function rulesOnTheWay({tables}: PacketRules, at: HookOfTable & {readonly backend: Backend}): readonly PacketRule[] {
  return tables
    .filter(({name, backend}) => name === at.table && backend === at.backend)
    .flatMap((table) => rulesFrom(table, {chain: at.hook, seen: []}))
}

/** The kernel takes no loops; what was recorded may hold one. */
function rulesFrom(table: RuleTable, {chain, seen}: {readonly chain: string; readonly seen: readonly string[]}): readonly PacketRule[] {
  if (seen.includes(chain)) return []
  return (table.chains.get(chain)?.rules ?? []).flatMap((rule) => {
    const {target} = rule
    const leads = target.kind === 'jump' || target.kind === 'goto'
    return leads ? [rule, ...rulesFrom(table, {chain: target.chain, seen: [...seen, chain]})] : [rule]
  })
}
