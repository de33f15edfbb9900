import type {Finding} from '../../flow/finding.js'
import type {Inventory} from '../../flow/inventory.js'
import type {Workload} from '../../mesh/directory.js'
import {evidenceOf, policyKey, type Policy, type ZtunnelConfig} from '../../ztunnel/config/model.js'
import {policiesOf} from './policies.js'
import {targetsOf, type Scene} from './scene.js'

/**
 * Policies that reached ztunnel without the parts it cannot judge.
 * Source: ambient-ga C.4; istio issues 58316, 44554, 45502.
 */
export function halfPolicies(scene: Scene): readonly Finding[] {
  const [pod] = targetsOf(scene)
  const config = pod === undefined ? undefined : scene.ztunnelOf(pod)
  return pod === undefined || config === undefined ? [] : inZtunnel({config, pod, inventory: scene.inventory})
}

interface AtPod {
  readonly config: ZtunnelConfig
  readonly pod: Workload
  readonly inventory: Inventory
}

function inZtunnel({config, pod, inventory}: AtPod): readonly Finding[] {
  return policiesOf(config, pod).flatMap((policy) => {
    const origin = inventory.authorizationPolicies?.find(({namespace, name}) => namespace === policy.namespace && name === policy.name)
    const effect = effectOf(policy, origin?.httpFields ?? [])
    if (effect === undefined) return []
    const source = origin === undefined ? [] : [{dump: origin.recorded.file, pointer: origin.recorded.pointer, basis: 'recorded' as const}]
    const text = `policy ${policyKey(policy)} is only half at ztunnel: ${effect}; attach it to a waypoint (targetRefs)`
    return [{kind: 'policy-half-translated', fault: true as const, text, evidence: [evidenceOf(config, policy), ...source]}]
  })
}

/** An ALLOW loses its rules with such fields, a DENY keeps them without the fields (ambient-ga C.4). */
function effectOf({action, rules, dryRun}: Policy, httpFields: readonly string[]): string | undefined {
  if (dryRun) return undefined
  const lost = httpFields.length === 0 ? 'HTTP fields' : httpFields.join(', ')
  if (action === 'Allow' && rules.length === 0) return `it cannot judge ${lost}, no rule is left, and nobody is allowed`
  if (httpFields.length === 0) return undefined
  return action === 'Allow'
    ? `it cannot judge ${lost}, so rules with them are gone and less is allowed than written`
    : `it cannot judge ${lost}, so its DENY is broader than written, or does nothing`
}
