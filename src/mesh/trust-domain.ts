import type {EnvoyConfig} from '../envoy/config/model.js'
import type {View} from '../json/view.js'

/** The trust domain that a proxy's configuration names: in clusters per identity, else in what it accepts of its peers. */
export function trustDomainOf(config: EnvoyConfig): string | undefined {
  return (
    firstOf(config.clusterNames()) ??
    firstOf(config.listeners().flatMap(({view}) => view.list('filter_chains').flatMap((chain) => acceptedNames(chain)))) ??
    firstOf(TUNNEL_CLUSTERS.flatMap((name) => config.cluster(name) ?? []).flatMap(({view}) => acceptedNames(view)))
  )
}

/** ambient-ga D.6: through these, waypoints and gateways of GA dial others by HBONE. */
const TUNNEL_CLUSTERS = ['connect_originate', 'outer_connect_originate']

/** Names that a chain accepts from clients, or a cluster from servers: `spiffe://<trust domain>/` as prefix, or whole identities. */
function acceptedNames(owner: View): readonly string[] {
  const validation = owner.path('transport_socket', 'typed_config')?.message().path('common_tls_context', 'combined_validation_context')
  const accepted = validation?.get('default_validation_context')
  const typed = (accepted?.list('match_typed_subject_alt_names') ?? []).flatMap((matcher) => matcher.get('matcher') ?? [])
  return [...(accepted?.list('match_subject_alt_names') ?? []), ...typed].flatMap(
    (matcher) => matcher.str('prefix') ?? matcher.str('exact') ?? [],
  )
}

function firstOf(texts: readonly string[]): string | undefined {
  for (const text of texts) {
    const domain = /^spiffe:\/\/([^/]+)\//.exec(text)?.[1]
    if (domain !== undefined) return domain
  }
  return undefined
}
