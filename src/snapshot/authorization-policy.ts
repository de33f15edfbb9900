import type {AuthorizationPolicy, PolicyTarget} from '../flow/inventory.js'
import {View} from '../json/view.js'
import {namespaced, stringMap, type Recorded} from './kubernetes.js'

/** What an Istio AuthorizationPolicy is attached to, and what it looks at. Source: ambient-ga C.4, D.5. */
export function readAuthorizationPolicy({object, recorded}: Recorded): AuthorizationPolicy {
  const spec = object.get('spec') ?? new View({}, object.pointer)
  const selector = stringMap(spec.path('selector', 'matchLabels'))
  return {
    ...namespaced(object),
    recorded,
    action: ACTIONS.find((action) => action === spec.str('action')) ?? 'ALLOW',
    ...(selector.size === 0 ? {} : {selector}),
    targets: targetsOf(spec),
    httpFields: [...new Set(spec.list('rules').flatMap(httpFieldsOf))].toSorted(),
  }
}

const ACTIONS = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] as const

/** `targetRef` is what older API versions have alone. */
function targetsOf(spec: View): readonly PolicyTarget[] {
  const single = spec.get('targetRef')
  const targets = [...spec.list('targetRefs'), ...(single === undefined ? [] : [single])]
  return targets.map((target) => ({kind: target.str('kind') ?? '', name: target.str('name') ?? ''}))
}

// ambient-ga C.4: what istiod leaves out, or turns into "never", when it translates a rule for ztunnel.
const OPERATION_FIELDS: readonly string[] = ['hosts', 'notHosts', 'methods', 'notMethods', 'paths', 'notPaths']
const SOURCE_FIELDS: readonly string[] = ['requestPrincipals', 'notRequestPrincipals', 'remoteIpBlocks', 'notRemoteIpBlocks']

function httpFieldsOf(rule: View): readonly string[] {
  const operations = rule.list('to').flatMap((item) => item.get('operation') ?? [])
  const sources = rule.list('from').flatMap((item) => item.get('source') ?? [])
  const conditions = rule.list('when').flatMap((condition) => condition.str('key') ?? [])
  return [
    ...OPERATION_FIELDS.filter((field) => isSet(operations, field)),
    ...SOURCE_FIELDS.filter((field) => isSet(sources, field)),
    ...conditions.filter((key) => key.startsWith('request.')),
  ]
}

function isSet(items: readonly View[], field: string): boolean {
  return items.some((item) => item.list(field).length > 0)
}
