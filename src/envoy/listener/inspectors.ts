import type {Payload} from '../../flow/connection.js'
import {oneOf} from '../../flow/share.js'
import type {Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import {one, type Branch} from '../branch.js'
import type {EngineContext} from '../context.js'
import type {Filtered} from './listener-filters.js'

interface InspectorCall {
  readonly context: EngineContext
  readonly filtered: Filtered
  readonly config: View
  readonly name: string
}

/** envoy-2022 D1: sets transport protocol, SNI (lower case) and the ALPN list of a ClientHello. */
export function inspectTls(call: InspectorCall): readonly Branch<Filtered>[] {
  const {payload} = call.filtered.connection
  if (payload.kind === 'unknown') return guess(call, [{sees: 'the client sends no TLS', filtered: reading(call)}, {sees: 'the client sends TLS', filtered: reading(call, {transportProtocol: 'tls'})}])
  if (payload.kind !== 'tls') return [found(call, reading(call), 'no TLS')]
  const sni = payload.sni?.toLowerCase()
  const connection = {transportProtocol: 'tls', applicationProtocols: payload.alpn, ...(sni === undefined || sni === '' ? {} : {serverName: sni})}
  return [found(call, reading(call, connection), `TLS${sni === undefined ? '' : `, SNI ${sni}`}${payload.alpn.length === 0 ? '' : `, ALPN ${payload.alpn.join(',')}`}`)]
}

/** envoy-2022 D1: sets `http/1.0`, `http/1.1` or `h2c`; skips connections known to be TLS. */
export function inspectHttp(call: InspectorCall): readonly Branch<Filtered>[] {
  const {connection} = call.filtered
  if (connection.transportProtocol === 'tls') return [found(call, call.filtered, 'skipped: TLS')]
  if (connection.payload.kind === 'unknown') {
    return guess(call, ['http/1.1', 'h2c', undefined].map((protocol) => ({
      sees: `the client sends ${protocol ?? 'no HTTP'}`, filtered: reading(call, protocol === undefined ? {} : {applicationProtocols: [protocol]}),
    })))
  }
  const protocol = plaintextProtocol(connection.payload)
  return [found(call, reading(call, protocol === undefined ? {} : {applicationProtocols: [protocol]}), protocol ?? 'not HTTP')]
}

function plaintextProtocol(payload: Payload): string | undefined {
  if (payload.kind !== 'http') return undefined
  return payload.version === 'h2' ? 'h2c' : payload.http10 === true ? 'http/1.0' : 'http/1.1'
}

function reading(call: InspectorCall, changes: Partial<Filtered['connection']> = {}): Filtered {
  return {...call.filtered, connection: {...call.filtered.connection, inspected: true, ...changes}}
}

function guess(call: InspectorCall, options: readonly {sees: string; filtered: Filtered}[]): Branch<Filtered>[] {
  return options.map(({sees, filtered}) => ({
    ...found(call, filtered, sees), share: oneOf(options.length), requires: [{what: sees, group: `what the client sends (${call.name})`}],
  }))
}

function found(call: InspectorCall, filtered: Filtered, effect: string): Branch<Filtered> {
  const step: Step = {kind: 'listener-filter', name: call.name, effect, because: [], evidence: [call.context.evidence(call.config)]}
  return one(filtered, [step])
}
