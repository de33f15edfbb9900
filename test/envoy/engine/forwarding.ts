import {createEnvoyForwarder} from '../../../src/envoy/forward.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import type {EnvoyVersion} from '../../../src/flow/envoy-version.js'
import type {Arrival} from '../../../src/flow/connection.js'
import type {Exit, Forwarder, Forwarding} from '../../../src/flow/forwarder.js'
import {parseSocket} from '../../../src/flow/address.js'
import {memoryStore} from '../../../src/json/memory-store.js'

/** One proxy that holds this dump. */
export function forwarder(document: Readonly<Record<string, unknown>>, envoyVersion?: EnvoyVersion): Forwarder {
  const config = readEnvoyConfig(memoryStore({name: 'test.json', document}))
  return createEnvoyForwarder({config, place: {kind: 'envoy', name: 'test'}, ...(envoyVersion === undefined ? {} : {envoyVersion})})
}

export function arrive(destination: string, options: Partial<Arrival> & {readonly from?: string; readonly on?: string} = {}): Arrival {
  const {from = '10.1.1.1:40000', on = '10.9.9.9:15001', ...rest} = options
  const entry = parseSocket(on) ?? {ip: '', port: 0}
  const original = parseSocket(destination)
  const source = parseSocket(from)
  return {
    entry: {kind: 'socket', ...entry},
    payload: {kind: 'opaque'},
    ...(source === undefined ? {} : {source}),
    ...(original === undefined ? {} : {originalDestination: original}),
    ...rest,
  }
}

/** The only exit of a forwarding that must not branch. */
export function onlyExit(forwarding: Forwarding): Exit {
  const [exit, ...others] = forwarding.exits
  if (exit === undefined || others.length > 0) throw new Error(`expected one exit, got ${forwarding.exits.length}`)
  return exit
}

/** Name of the filter chain a connection takes, or why it takes none. */
export function chainTaken(forwarding: Forwarding): string {
  const exit = onlyExit(forwarding)
  return exit.log?.filterChain ?? (exit.kind === 'stop' ? exit.verdict.kind : 'unnamed')
}
