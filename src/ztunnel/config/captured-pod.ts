import type {View} from '../../json/view.js'
import type {CapturedPod} from './model.js'

/** One entry of `workloadState`; `info` is optional in 1.22 and 1.23 (ambient-ga A.8). */
export function readCapturedPod(uid: string, view: View): CapturedPod {
  const info = view.get('info')
  const [name, namespace, serviceAccount] = [info?.str('name'), info?.str('namespace'), info?.str('service_account')]
  return {
    view,
    uid,
    up: view.str('state') === 'Up',
    ...countConnections(view.get('connections')),
    ...(name === undefined ? {} : {name}),
    ...(namespace === undefined ? {} : {namespace}),
    ...(serviceAccount === undefined ? {} : {serviceAccount}),
  }
}

function countConnections(view: View | undefined): Pick<CapturedPod, 'inbound' | 'outbound'> {
  return {inbound: view?.list('inbound').length ?? 0, outbound: view?.list('outbound').length ?? 0}
}
