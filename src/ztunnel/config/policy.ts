import type {View} from '../../json/view.js'
import type {Clause, Match, MatchField, Policy, Rule, ServiceAccountRef, StringMatch} from './model.js'

/** One authorization policy; 1.18 called its rules `groups` (ambient-ga A.5, K.2). */
export function readPolicy(view: View): Policy {
  const rules = view.get('rules') ?? view.get('groups')
  return {
    view,
    name: view.str('name') ?? '',
    namespace: view.str('namespace') ?? '',
    scope: readScope(view.str('scope')),
    action: view.str('action') === 'Deny' ? 'Deny' : 'Allow',
    dryRun: view.bool('dry_run') ?? false,
    rules: (rules?.items() ?? []).map(readRule),
  }
}

function readScope(text: string | undefined): Policy['scope'] {
  return text === 'Global' || text === 'Namespace' ? text : 'WorkloadSelector'
}

function readRule(view: View): Rule {
  return {view, clauses: view.items().map(readClause)}
}

function readClause(view: View): Clause {
  return {view, matches: view.items().map(readMatch)}
}

/** Sorted: all fields must hold, in whichever order a dump has them. */
function readMatch(view: View): Match {
  const fields = view.entries().flatMap(([key, values]) => (values.items().length === 0 ? [] : [readField(key, values)]))
  return {view, fields: fields.toSorted((a, b) => (a.name < b.name ? -1 : 1))}
}

/** Keys are camelCase from 1.22 on, snake_case before (ambient-ga K.3). */
function readField(key: string, view: View): MatchField {
  const name = key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const negated = /^not[A-Z]/.test(name)
  const field = negated ? `${name.charAt(3).toLowerCase()}${name.slice(4)}` : name
  return {name, negated, ...readValues(field, view.items())}
}

type Values = MatchField extends infer F ? (F extends MatchField ? Omit<F, 'name' | 'negated'> : never) : never

function readValues(field: string, items: readonly View[]): Values {
  switch (field) {
    case 'principals':
    case 'namespaces':
      return {kind: field, values: items.map(readStringMatch)}
    case 'serviceAccounts':
      return {kind: field, values: items.flatMap((item) => readServiceAccount(item) ?? [])}
    case 'sourceIps':
    case 'destinationIps':
      return {kind: field, values: items.flatMap((item) => item.text() ?? [])}
    case 'destinationPorts':
      return {kind: field, values: items.flatMap(({value}) => (typeof value === 'number' ? value : []))}
    default:
      return {kind: 'unknown'}
  }
}

/** ambient-ga A.5: `Presence` holds an empty list. */
function readStringMatch(view: View): StringMatch {
  for (const kind of ['Exact', 'Prefix', 'Suffix'] as const) {
    const value = view.own(kind)?.text()
    if (value !== undefined) return {kind, value}
  }
  return view.own('Presence') === undefined && view.text() !== 'Presence' ? {kind: 'unknown'} : {kind: 'Presence'}
}

function readServiceAccount(view: View): ServiceAccountRef | undefined {
  const [namespace, serviceAccount] = [view.str('namespace'), view.str('service_account')]
  return namespace === undefined || serviceAccount === undefined ? undefined : {namespace, serviceAccount}
}
