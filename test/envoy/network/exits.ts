import {createEnvoyForwarder} from '../../../src/envoy/forward.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import type {Payload} from '../../../src/flow/connection.js'
import type {Exit} from '../../../src/flow/forwarder.js'
import {memoryStore} from '../../../src/json/memory-store.js'

/** The exits of a connection to the listener `in` of a dump. */
export function exitsOfDump(document: Readonly<Record<string, unknown>>, payload: Payload = {kind: 'opaque'}): readonly Exit[] {
  const config = readEnvoyConfig(memoryStore({name: 'test.json', document}))
  const {exits} = createEnvoyForwarder({config, place: {kind: 'envoy', name: 'test'}}).forward({
    entry: {kind: 'socket', ip: '10.9.9.9', port: 15_001},
    source: {ip: '10.1.1.1', port: 40_000},
    payload,
  })
  return exits
}
