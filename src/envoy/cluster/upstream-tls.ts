import type {View} from '../../json/view.js'
import type {EnvoyConfig} from '../config/model.js'
import {describeString} from '../match/describe.js'
import type {UpstreamTls} from './upstream.js'

/** What decides about TLS beside the transport socket itself. */
export interface TlsSettings {
  readonly config: Pick<EnvoyConfig, 'secret'>
  /** Name that filter state or auto_sni puts in the place of `sni`. */
  readonly serverName?: {readonly name: string; readonly from: 'sni' | 'auto-sni'}
  readonly hostname?: string
  /** ALPN from filter state, before what the socket names. */
  readonly alpnOverride?: readonly string[]
  /** ALPN of the HTTP protocols in use, where the socket names none. */
  readonly alpn: readonly string[]
}

/** An UpstreamTlsContext as the server will see it, and what it expects of the server. */
export function readUpstreamTls(context: View | undefined, settings: TlsSettings): UpstreamTls {
  const common = context?.get('common_tls_context')
  const alpn = texts(common, 'alpn_protocols')
  return {
    secrets: (common?.list('tls_certificate_sds_secret_configs') ?? []).flatMap((secret) => secret.str('name') ?? []),
    inlineCertificate: (common?.list('tls_certificates').length ?? 0) > 0,
    ...serverName(context, settings),
    alpn: settings.alpnOverride ?? (alpn.length > 0 ? alpn : settings.alpn),
    ...readValidation(common, settings.config),
  }
}

/** Order of Envoy's ClientContextImpl::newSsl: an override, auto_host_sni with the endpoint's name, `sni`. */
function serverName(context: View | undefined, {serverName: override, hostname}: TlsSettings): Pick<UpstreamTls, 'sni' | 'sniFrom'> {
  if (override !== undefined) return {sni: override.name, sniFrom: override.from}
  if (context?.bool('auto_host_sni') === true && hostname !== undefined) return {sni: hostname, sniFrom: 'auto-host-sni'}
  const sni = context?.str('sni')
  return sni === undefined || sni === '' ? {} : {sni, sniFrom: 'sni'}
}

type Validation = Pick<UpstreamTls, 'expectedSans' | 'sanMatchers' | 'validates' | 'validationSecret'>

/** The default and the SDS part of a combined context add up. */
function readValidation(common: View | undefined, config: TlsSettings['config']): Validation {
  const secret = validationSecret(common)
  const delivered = secret === undefined ? undefined : config.secret(secret)?.view.get('validation_context')
  const own = [common?.get('validation_context'), common?.path('combined_validation_context', 'default_validation_context')]
  const contexts = [...own, delivered].filter((view) => view !== undefined)
  const sanMatchers = contexts.flatMap((view) => [...view.list('match_typed_subject_alt_names'), ...view.list('match_subject_alt_names')])
  return {
    sanMatchers,
    expectedSans: sanMatchers.map(printSan),
    validates: (secret !== undefined || contexts.some(hasTrust)) && !contexts.some(acceptsUntrusted),
    ...(secret === undefined ? {} : {validationSecret: secret}),
  }
}

function validationSecret(common: View | undefined): string | undefined {
  return (common?.get('combined_validation_context') ?? common)?.get('validation_context_sds_secret_config')?.str('name')
}

const TRUST_FIELDS = [
  'trusted_ca',
  'system_root_certs',
  'ca_certificate_provider_instance',
  'custom_validator_config',
  'verify_certificate_hash',
  'verify_certificate_spki',
]

function hasTrust(context: View): boolean {
  return TRUST_FIELDS.some((field) => context.get(field) !== undefined)
}

function acceptsUntrusted(context: View): boolean {
  return context.str('trust_chain_verification') === 'ACCEPT_UNTRUSTED'
}

/** `URI exact "spiffe://…"`; the older untyped form is compared with names of every type. */
function printSan(matcher: View): string {
  const typed = matcher.get('matcher')
  return typed === undefined ? describeString(matcher) : `${matcher.str('san_type') ?? 'any type'} ${describeString(typed)}`
}

function texts(view: View | undefined, field: string): string[] {
  return view?.list(field).flatMap((item) => item.text() ?? []) ?? []
}
