/**
 * A policy as people name it, `namespace/name`: istiod calls its rules in a proxy `ns[NS]-policy[NAME]-rule[N]`
 * (envoy-2022 A.7, ambient-ga D.5). Any other name stays as it is.
 */
export function policyName(policy: string): string {
  const [, namespace, name] = /^ns\[([^\]]*)\]-policy\[([^\]]*)\]/.exec(policy) ?? []
  return namespace === undefined || name === undefined ? policy : `${namespace}/${name}`
}
