import {formatSocket} from '../../flow/address.js'
import type {Finding} from '../../flow/finding.js'
import type {Hop} from '../../flow/trace.js'
import type {Admitted} from '../../mesh/admission.js'
import type {Directory} from '../../mesh/directory.js'
import {ZTUNNEL_PORTS} from '../../mesh/ztunnel-ports.js'
import {hopsAt, listText, type Scene} from './scene.js'

/**
 * HBONE needs its own TCP port between the two ends of each tunnel, whatever port the application has. Asked as the trace asked:
 * where a policy surely blocks, its path ends there.
 * Source: ambient-ga B.2, C.1; ztunnel issue 1229, istio issues 52742, 51034.
 */
export function blockedTunnel(scene: Scene): readonly Finding[] {
  const own = hopsAt(scene, 'node').filter(({place}) => place.cluster === scene.cluster)
  const found = own.flatMap((hop) => atHop(scene, hop))
  return [...new Map(found.map((finding) => [finding.text, finding])).values()].slice(0, 2)
}

function atHop({admission, directory}: Scene, {arrival: {entry, source}}: Hop): readonly Finding[] {
  const isTunnel = entry.kind === 'socket' && entry.port === ZTUNNEL_PORTS.inbound
  if (admission === undefined || source === undefined || !isTunnel) return []
  const against = admission({source: source.ip, destination: entry.ip, port: entry.port}).filter(({admitted}) => admitted !== 'yes')
  if (against.length === 0) return []
  const between = `${source.ip}${podText(directory, source.ip)} to ${formatSocket(entry)}${podText(directory, entry.ip)}`
  return [
    {
      kind: 'tunnel-blocked',
      text: `NetworkPolicy ${listText(against.flatMap(({policies}) => policies))} ${blocks(against)} HBONE, which needs TCP ${entry.port} from ${between}: clients see a timeout${provided(against)}`,
      evidence: against.flatMap(({evidence}) => evidence),
    },
  ]
}

function blocks(against: readonly Admitted[]): string {
  return against.some(({admitted}) => admitted === 'no') ? 'blocks' : 'may block'
}

function provided(against: readonly Admitted[]): string {
  const denials = against.filter(({admitted}) => admitted === 'no')
  const [doubt] = denials.map((denial) => denial.doubt)
  return doubt === undefined || denials.some((denial) => denial.doubt === undefined) ? '' : `, if ${doubt.holds}`
}

function podText(directory: Directory, ip: string): string {
  const pod = directory.podAt(ip)
  return pod === undefined ? '' : ` (${pod.name})`
}
