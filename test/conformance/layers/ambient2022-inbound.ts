import type {EnvoyConfig} from '../../../src/envoy/config/model.js'
import type {View} from '../../../src/json/view.js'
import {tlsSecrets, type Facts} from './ambient2022-cluster.js'

/** The chains of a pod address on the HBONE and the plaintext listener. */
export function inboundFacts(config: EnvoyConfig, ip: string): Facts {
  return Object.fromEntries(
    ['ztunnel_inbound', 'ztunnel_inbound_plaintext'].map((name) => [name, listenerFacts(config.listener(name)?.view, ip)]),
  )
}

function listenerFacts(listener: View | undefined, ip: string): Facts {
  const chain = listener?.list('filter_chains').find((one) =>
    one
      .get('filter_chain_match')
      ?.list('prefix_ranges')
      .some((range) => range.str('address_prefix') === ip),
  )
  return chain === undefined ? {chain_present: false} : chainFacts(chain)
}

function chainFacts(chain: View): Facts {
  const filters = chain.list('filters')
  const tls = chain.path('transport_socket', 'typed_config')
  const context = tls?.get('common_tls_context')
  return {
    chain_present: true,
    chain: chain.str('name') ?? null,
    tls: context !== undefined,
    filters: filters.map((filter) => filter.str('name')),
    ...(context === undefined
      ? {}
      : {tls_secret: tlsSecrets(context), require_client_certificate: tls?.bool('require_client_certificate') ?? null}),
    rbac: filters.flatMap((filter) => rbacFacts(filter.get('typed_config'))),
    ...lastCluster(filters.at(-1)?.get('typed_config')),
  }
}

function rbacFacts(filter: View | undefined): Facts[] {
  if (filter?.typeName()?.endsWith('.RBAC') !== true) return []
  const rules = filter.get('rules')
  const shadow = filter.get('shadow_rules')
  return [
    {
      action: actionOf(rules),
      shadow_action: actionOf(shadow),
      policies: policiesOf(rules),
      shadow_policies: policiesOf(shadow),
    },
  ]
}

/** ALLOW is the default and not printed. */
function actionOf(rules: View | undefined): string | null {
  return rules === undefined ? null : (rules.str('action') ?? 'ALLOW')
}

function policiesOf(rules: View | undefined): string[] {
  return (rules?.get('policies')?.entries() ?? []).map(([name]) => name).sort()
}

function lastCluster(filter: View | undefined): Facts {
  const tcp = filter?.str('cluster')
  if (tcp !== undefined) return {cluster: tcp}
  const hosts = filter?.get('route_config')?.list('virtual_hosts') ?? []
  return {cluster: hosts.flatMap((host) => host.list('routes').flatMap((route) => route.get('route')?.str('cluster') ?? []))}
}
