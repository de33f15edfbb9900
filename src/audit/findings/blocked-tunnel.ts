import {formatSocket} from '../../flow/address.js'
import type {Finding} from '../../flow/finding.js'
import type {Hop} from '../../flow/trace.js'
import type {Directory} from '../../mesh/directory.js'
import {ZTUNNEL_PORTS} from '../../mesh/ztunnel-ports.js'
import {listText, type Scene} from './scene.js'

/**
 * HBONE needs its own TCP port between the two ends of each tunnel, whatever port the application has.
 * Source: ambient-ga B.2, C.1; ztunnel issue 1229, istio issues 52742, 51034.
 */
export function blockedTunnel(scene: Scene): readonly Finding[] {
  return Object.values(scene.trace.hops)
    .flatMap((hop) => atHop(scene, hop))
    .slice(0, 2)
}

function atHop({admits, directory, inventory}: Scene, {place, arrival: {entry, source}}: Hop): readonly Finding[] {
  const isTunnel = place.kind !== 'node' && entry.kind === 'socket' && entry.port === ZTUNNEL_PORTS.inbound
  if (admits === undefined || source === undefined || !isTunnel) return []
  const {admitted, directions} = admits({source: source.ip, destination: entry.ip, port: entry.port})
  if (admitted === 'yes') return []
  const blocking = directions.filter((one) => one.admitted !== 'yes').flatMap(({isolatedBy}) => isolatedBy)
  const names = blocking.map(({namespace, name}) => `${namespace}/${name}`)
  const recorded = (inventory.networkPolicies ?? []).filter(({namespace, name}) => names.includes(`${namespace}/${name}`))
  const what = admitted === 'no' ? 'blocks' : 'may block'
  const between = `${source.ip}${podText(directory, source.ip)} to ${formatSocket(entry)}${podText(directory, entry.ip)}`
  return [
    {
      kind: 'tunnel-blocked',
      text: `NetworkPolicy ${listText(names)} ${what} HBONE, which needs TCP ${entry.port} from ${between}: clients see a timeout (the verdict leaves NetworkPolicies out)`,
      evidence: recorded.map((one) => ({dump: one.recorded.file, pointer: one.recorded.pointer, basis: 'recorded'})),
    },
  ]
}

function podText(directory: Directory, ip: string): string {
  const pod = directory.podAt(ip)
  return pod === undefined ? '' : ` (${pod.name})`
}
