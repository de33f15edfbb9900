import type {RuleTable} from '../config/packet-rules.js'
import type {HookName, Surroundings} from './transit.js'

/** What happens at one priority of a hook: tables, or the kernel's own tracking and translation. */
export interface HookStep {
  readonly kind: 'tables' | 'track' | 'nat'
  readonly priority: number
  readonly tables: readonly RuleTable[]
  /** In OUTPUT: what changed asks for another route. */
  readonly reroutes: boolean
}

interface Rules {
  readonly tables: readonly RuleTable[]
  /** Whether connections are tracked at all. */
  readonly tracks: boolean
}

/** Steps in ascending priority. Source: enum nf_ip_hook_priorities; nft(8). */
export function hookSteps(hook: HookName, {tables, tracks}: Rules): readonly HookStep[] {
  const own = tables.filter(({chains}) => chains.has(hook))
  const filters = own.filter(({name}) => name !== 'nat')
  const nat = own.filter(({name}) => name === 'nat')
  return [...(tracks ? trackingSteps(hook, nat) : []), ...tableSteps(hook, filters)].toSorted((a, b) => a.priority - b.priority)
}

const TRACKING = -200
const [DESTINATION_NAT, SOURCE_NAT] = [-100, 100]

function trackingSteps(hook: HookName, nat: readonly RuleTable[]): readonly HookStep[] {
  const isDestination = hook === 'PREROUTING' || hook === 'OUTPUT'
  const translates: HookStep = {
    kind: 'nat',
    priority: isDestination ? DESTINATION_NAT : SOURCE_NAT,
    tables: nat.toSorted((a, b) => priorityAt(a, hook) - priorityAt(b, hook)),
    reroutes: hook === 'OUTPUT',
  }
  const tracks: HookStep = {kind: 'track', priority: TRACKING, tables: [], reroutes: false}
  return [...(isDestination ? [tracks] : []), ...(hook === 'FORWARD' ? [] : [translates])]
}

function tableSteps(hook: HookName, tables: readonly RuleTable[]): readonly HookStep[] {
  const priorities = [...new Set(tables.map((table) => priorityAt(table, hook)))]
  return priorities.map((priority) => {
    const here = tables.filter((table) => priorityAt(table, hook) === priority)
    return {kind: 'tables', priority, tables: here, reroutes: hook === 'OUTPUT' && here.some(reroutes)}
  })
}

/** Only chains of type `route` do, and the table mangle of iptables, which is one (nf_tables_core, ip_route_me_harder). */
function reroutes({name, priority, reroutes: routes}: RuleTable): boolean {
  return priority === undefined ? name === 'mangle' : routes === true
}

const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['raw', -300],
  ['mangle', -150],
  ['filter', 0],
  ['security', 50],
])

function priorityAt({name, priority}: RuleTable, hook: HookName): number {
  if (priority !== undefined) return priority
  if (name === 'nat') return hook === 'PREROUTING' || hook === 'OUTPUT' ? DESTINATION_NAT : SOURCE_NAT
  return PRIORITIES.get(name) ?? 0
}

/**
 * Of equal priorities the one that was registered last comes first (nf_hook_entries_grow), which no output tells: each order is
 * possible where several have rules for the hook.
 */
export function inOrder(
  tables: readonly RuleTable[],
  {hook, namespace, choices}: {readonly hook: HookName} & Pick<Surroundings, 'namespace' | 'choices'>,
): readonly RuleTable[] {
  const [first, ...others] = tables
  if (first === undefined || others.length === 0) return tables
  const equal = tables.filter((table) => priorityAt(table, hook) === priorityAt(first, hook) && hasRules(table, hook))
  if (equal.length < 2) return [first, ...inOrder(others, {hook, namespace, choices})]
  const isFirst = (table: RuleTable): boolean =>
    choices.decide({what: `${titleOf(table)} comes before ${titlesOf(equal, table)} at ${hook} of ${namespace.name}`, silent: true})
  const chosen = equal.slice(0, -1).find(isFirst) ?? equal.at(-1) ?? first
  const rest = tables.filter((table) => table !== chosen)
  return [chosen, ...inOrder(rest, {hook, namespace, choices})]
}

function hasRules({chains}: RuleTable, hook: HookName): boolean {
  return (chains.get(hook)?.rules.length ?? 0) > 0
}

function titlesOf(tables: readonly RuleTable[], own: RuleTable): string {
  return tables
    .filter((table) => table !== own)
    .map(titleOf)
    .join(' and ')
}

function titleOf({title, backend, name}: RuleTable): string {
  return title ?? `table ${name} of iptables-${backend}`
}
