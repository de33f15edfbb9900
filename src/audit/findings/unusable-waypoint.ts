import {isWhole} from '../../flow/share.js'
import type {Finding} from '../../flow/finding.js'
import {fullName} from '../../mesh/directory.js'
import {evidenceOf as evidenceOfItem, serviceKey, type Service, type ZtunnelConfig} from '../../ztunnel/config/model.js'
import {endsOf, evidenceOf} from './ends.js'
import type {Scene} from './scene.js'

/**
 * Why ztunnel cannot use a waypoint that it was told of: its error prints its own structure. There is no way round.
 * Source: ambient-ga B.2, B.4, G.33, I.4; istio.io issue 17520.
 */
export function unusableWaypoint(scene: Scene): readonly Finding[] {
  const {ztunnel, generation} = scene
  const [end] = endsOf(scene, 'unknown-waypoint')
  const step = end?.steps.findLast(({kind}) => kind === 'waypoint')
  if (ztunnel === undefined || generation !== 'ga' || end === undefined || step === undefined || !('name' in step)) return []
  const service = namedBy(step.name, ztunnel)
  const who = isWhole(end.share) ? 'every connection' : 'its share of the connections'
  return [
    {
      kind: 'waypoint-unusable',
      fault: true,
      text: `${reasonOf(step.name, service)}: ztunnel fails ${who}, it never goes round a waypoint`,
      evidence: [...evidenceOf(step), ...(service === undefined ? [] : [evidenceOfItem(ztunnel, service)])],
    },
  ]
}

function reasonOf(name: string, service: Service | undefined): string {
  if (service === undefined) return `there is no waypoint ${name}: ztunnel knows no such service`
  const {endpoints, ports} = service
  const count = endpoints.length
  if (count === 0) return `waypoint ${fullName(service)} has no ready pod (0 endpoints)`
  const declared = [...ports.keys()].join(', ')
  return `waypoint ${fullName(service)} has ${count} ${count === 1 ? 'endpoint' : 'endpoints'}, none of them usable (declared ports: ${declared})`
}

/** `namespace/hostname`, or an address with its port. */
function namedBy(name: string, {services}: ZtunnelConfig): Service | undefined {
  const ip = name.replace(/:\d+$/, '').replaceAll(/[[\]]/g, '')
  return services.find((one) => serviceKey(one) === name || one.vips.some((vip) => vip.ip === ip))
}
