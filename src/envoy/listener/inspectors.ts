import type {Payload} from '../../flow/connection.js'
import {oneOf} from '../../flow/share.js'
import type {Step} from '../../flow/step.js'
import {one, type Branch} from '../branch.js'
import type {Filtered, ListenerFilterCall} from './filtered.js'

/** envoy-2022 D1: sets transport protocol, SNI (lower case) and the ALPN list of a ClientHello. */
export function inspectTls(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  const {payload} = call.filtered.connection
  if (payload.kind === 'unknown') {
    return guess(call, [
      {sees: 'the client sends no TLS', filtered: reading(call)},
      {sees: 'the client sends TLS', filtered: reading(call, {transportProtocol: 'tls'})},
    ])
  }
  if (payload.kind !== 'tls') return [found(call, {filtered: reading(call), sees: 'no TLS'})]
  const sni = payload.sni?.toLowerCase()
  const connection = {
    transportProtocol: 'tls',
    applicationProtocols: payload.alpn,
    ...(sni === undefined || sni === '' ? {} : {serverName: sni}),
  }
  return [found(call, {filtered: reading(call, connection), sees: helloText(payload)})]
}

/** envoy-2022 D1: sets `http/1.0`, `http/1.1` or `h2c`; skips connections known to be TLS. */
export function inspectHttp(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  const {connection} = call.filtered
  if (connection.transportProtocol === 'tls') return [found(call, {filtered: call.filtered, sees: 'skipped: TLS'})]
  if (connection.payload.kind === 'unknown') {
    return guess(
      call,
      ['http/1.1', 'h2c', undefined].map((protocol) => ({
        sees: `the client sends ${protocol ?? 'no HTTP'}`,
        filtered: reading(call, protocol === undefined ? {} : {applicationProtocols: [protocol]}),
      })),
    )
  }
  const protocol = plaintextProtocol(connection.payload)
  return [
    found(call, {filtered: reading(call, protocol === undefined ? {} : {applicationProtocols: [protocol]}), sees: protocol ?? 'not HTTP'}),
  ]
}

function helloText({sni, alpn}: Extract<Payload, {kind: 'tls'}>): string {
  return ['TLS', ...(sni === undefined ? [] : [`SNI ${sni.toLowerCase()}`]), ...(alpn.length === 0 ? [] : [`ALPN ${alpn.join(',')}`])].join(
    ', ',
  )
}

function plaintextProtocol(payload: Payload): string | undefined {
  if (payload.kind !== 'http') return undefined
  return payload.version === 'h2' ? 'h2c' : payload.http10 === true ? 'http/1.0' : 'http/1.1'
}

function reading(call: ListenerFilterCall, changes: Partial<Filtered['connection']> = {}): Filtered {
  return {...call.filtered, connection: {...call.filtered.connection, inspected: true, ...changes}}
}

function guess(call: ListenerFilterCall, options: readonly {sees: string; filtered: Filtered}[]): Branch<Filtered>[] {
  return options.map((option) => ({
    ...found(call, option),
    share: oneOf(options.length),
    requires: [{what: option.sees, group: `what the client sends (${call.name})`}],
  }))
}

function found(call: ListenerFilterCall, seen: {filtered: Filtered; sees: string}): Branch<Filtered> {
  const step: Step = {
    kind: 'listener-filter',
    name: call.name,
    effect: seen.sees,
    because: [],
    evidence: [call.context.evidence(call.config)],
  }
  return one(seen.filtered, [step])
}
