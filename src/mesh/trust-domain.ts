import type {EnvoyConfig} from '../envoy/config/model.js'
import type {View} from '../json/view.js'

/** The trust domain that a proxy's configuration names: in clusters per identity, else in what it accepts of its peers. */
export function trustDomainOf(config: EnvoyConfig): string | undefined {
  return firstOf(config.clusterNames()) ?? firstOf(config.listeners().flatMap(({view}) => acceptedNames(view)))
}

/** Names that the listener's chains accept from clients: `spiffe://<trust domain>/` as prefix, or whole identities. */
function acceptedNames(listener: View): readonly string[] {
  return listener.list('filter_chains').flatMap((chain) => {
    const validation = chain.path('transport_socket', 'typed_config')?.message().path('common_tls_context', 'combined_validation_context')
    const accepted = validation?.get('default_validation_context')?.list('match_subject_alt_names') ?? []
    return accepted.flatMap((matcher) => matcher.str('prefix') ?? matcher.str('exact') ?? [])
  })
}

function firstOf(texts: readonly string[]): string | undefined {
  for (const text of texts) {
    const domain = /^spiffe:\/\/([^/]+)\//.exec(text)?.[1]
    if (domain !== undefined) return domain
  }
  return undefined
}
