import type {Direction, HopPod, NetworkPolicy, Policy, UnreadPolicy} from './model.js'
import {selects, selectsNamespace} from './selector.js'

/** Policies whose rules can be judged. */
export function readOnes(policies: readonly Policy[]): readonly NetworkPolicy[] {
  return policies.flatMap((policy) => (policy.unread === undefined ? [policy] : []))
}

/** The others, as far as they are about a direction. */
export function unreadOnes(policies: readonly Policy[], direction: Direction): readonly UnreadPolicy[] {
  return policies.flatMap((policy) => (policy.unread !== undefined && policy.types.includes(direction) ? [policy] : []))
}

/** Whether a policy has a say about a pod. */
export function mayMean({namespace, subject}: UnreadPolicy, pod: HopPod): boolean {
  if (namespace !== undefined && namespace !== pod.namespace) return false
  if (subject === undefined) return true
  return selects(subject.pods, pod.labels) && selectsNamespace(subject.namespaces, pod) !== 'no'
}

/** For people: what is not known, and whose fault it is. */
export function unreadText(policies: readonly UnreadPolicy[]): string {
  const [first, ...others] = policies.map(policyName)
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return `${first ?? ''}${more}, which is not read here, may admit or deny it`
}

/** `CiliumNetworkPolicy shop/web`; a NetworkPolicy without its kind. */
export function policyName({unread, namespace, name}: Policy): string {
  const own = namespace === undefined ? name : `${namespace}/${name}`
  return unread === undefined ? own : `${unread} ${own}`
}
