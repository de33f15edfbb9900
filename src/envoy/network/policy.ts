/** The policy of an RBAC denial; Envoy's `none` means that no ALLOW policy matched. */
export function policyOf(policy: string | undefined): {policy?: string} {
  return policy === undefined || policy === 'none' ? {} : {policy}
}
