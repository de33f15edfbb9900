import type {Gateway, GatewayListener} from '../flow/inventory.js'
import type {View} from '../json/view.js'
import {namespaced, stringMap, type Recorded} from './kubernetes.js'

/** A Gateway of `gateway.networking.k8s.io`. Source: ambient-ga B.10 (waypoint binding). */
export function readGateway({object, recorded}: Recorded): Gateway {
  const spec = object.get('spec')
  return {
    ...namespaced(object),
    recorded,
    className: spec?.str('gatewayClassName') ?? '',
    listeners: (spec?.list('listeners') ?? []).map(readListener),
    hasAddress: (object.get('status')?.list('addresses') ?? []).length > 0,
  }
}

function readListener(listener: View): GatewayListener {
  const namespaces = listener.path('allowedRoutes', 'namespaces')
  const port = listener.get('port') === undefined ? undefined : listener.port('port')
  return {
    protocol: listener.str('protocol') ?? '',
    ...(port === undefined ? {} : {port}),
    from: namespaces?.str('from') ?? 'Same',
    ...labelsOf(namespaces?.get('selector')),
  }
}

function labelsOf(selector: View | undefined): Pick<GatewayListener, 'namespaceLabels'> {
  const expressions = selector?.list('matchExpressions') ?? []
  return expressions.length === 0 ? {namespaceLabels: stringMap(selector?.get('matchLabels'))} : {}
}
