import fc from 'fast-check'
import {extension, merged, type Message} from '../message.js'

const MANAGER = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

export const ROUTER = extension('router', 'envoy.extensions.filters.http.router.v3.Router')

export function manager(fields: Message): Message {
  return extension('hcm', MANAGER, {stat_prefix: 'http', http_filters: [ROUTER], ...fields})
}

const often = {weight: 3, arbitrary: fc.constant<Message>({})}

/** What a connection manager does to a request before it is routed. */
export const normalization: fc.Arbitrary<Message> = fc
  .tuple(
    fc.oneof(often, {weight: 1, arbitrary: fc.constant({normalize_path: true})}),
    fc.oneof(often, {weight: 1, arbitrary: fc.constant({merge_slashes: true})}),
    fc.oneof(often, {
      weight: 1,
      arbitrary: fc
        .constantFrom('KEEP_UNCHANGED', 'REJECT_REQUEST', 'UNESCAPE_AND_REDIRECT', 'UNESCAPE_AND_FORWARD')
        .map((path_with_escaped_slashes_action) => ({path_with_escaped_slashes_action})),
    }),
    fc.oneof(often, {weight: 1, arbitrary: fc.constantFrom<Message>({strip_any_host_port: true}, {strip_matching_host_port: true})}),
    fc.oneof(often, {weight: 1, arbitrary: fc.constant({strip_trailing_host_dot: true})}),
    fc.oneof(often, {
      weight: 1,
      arbitrary: fc.constantFrom<Message>(
        {use_remote_address: true},
        {xff_num_trusted_hops: 1},
        {use_remote_address: true, xff_num_trusted_hops: 1},
      ),
    }),
  )
  .map(merged)
