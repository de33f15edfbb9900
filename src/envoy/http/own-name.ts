import type {HttpRequest} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import type {EnvoyNode} from '../config/model.js'

type HeaderList = HttpRequest['headers']

/**
 * How a connection manager names itself in a request, for routes and next hops to see: add_user_agent and via.
 * Source: conn_manager_utility.cc mutateRequestHeaders; tried on Envoy 1.40.0.
 */
export function withOwnName(headers: HeaderList, {manager, node}: {manager: View; node: Pick<EnvoyNode, 'id' | 'cluster'>}): HeaderList {
  const named = manager.bool('add_user_agent') === true ? withUserAgent(headers, node) : headers
  const via = manager.str('via') ?? ''
  return via === '' ? named : withVia(named, via)
}

const CLUSTER = 'x-envoy-downstream-service-cluster'
const NODE = 'x-envoy-downstream-service-node'
const AGENT = 'user-agent'

/** A client that says who it is stays so. */
function withUserAgent(headers: HeaderList, {id = '', cluster = UNKNOWN}: Pick<EnvoyNode, 'id' | 'cluster'>): HeaderList {
  const anonymous = !headers.some(([name, value]) => name === AGENT && value !== '')
  const replaced = new Set([CLUSTER, ...(anonymous ? [AGENT] : []), ...(id === '' ? [] : [NODE])])
  return [
    ...headers.filter(([name]) => !replaced.has(name)),
    [CLUSTER, cluster],
    ...(anonymous ? [[AGENT, cluster] as const] : []),
    ...(id === '' ? [] : [[NODE, id] as const]),
  ]
}

/** Only the bootstrap tells it. */
const UNKNOWN = '(the cluster of the proxy)'

function withVia(headers: HeaderList, via: string): HeaderList {
  const before = headers.filter(([name]) => name === 'via').map(([, value]) => value)
  return [...headers.filter(([name]) => name !== 'via'), ['via', [...before, via].join(', ')]]
}
