import {formatSocket} from '../../flow/address.js'
import type {Finding} from '../../flow/finding.js'
import {groupBy} from '../../flow/group-by.js'
import type {Evidence} from '../../flow/step.js'
import type {Hop} from '../../flow/trace.js'
import {policiesText, type Admitted} from '../../mesh/admission.js'
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
  const blocked = own.flatMap((hop) => atHop(scene, hop))
  const groups = groupBy(blocked, ({who, from, advice, condition}) => [JSON.stringify([who, from, advice, condition])])
  return [...groups.values()].map(findingOf).slice(0, 2)
}

/** A tunnel that does not come through: who blocks it, and from where to where. */
interface Blocked {
  readonly who: string
  readonly from: string
  readonly to: string
  /** What to add where. */
  readonly advice: string
  readonly condition: string
  readonly evidence: readonly Evidence[]
}

function atHop({admission, directory}: Scene, {arrival: {entry, source}}: Hop): readonly Blocked[] {
  const isTunnel = entry.kind === 'socket' && entry.port === ZTUNNEL_PORTS.inbound
  if (admission === undefined || source === undefined || !isTunnel) return []
  const against = admission({source: source.ip, destination: entry.ip, port: entry.port}).filter(({admitted}) => admitted !== 'yes')
  if (against.length === 0) return []
  return [
    {
      who: `${policiesText(against.flatMap(({policies}) => policies))} ${blocks(against)} HBONE, which needs TCP ${entry.port}`,
      from: `${source.ip}${podText(directory, source.ip)}`,
      to: `${formatSocket(entry)}${podText(directory, entry.ip)}`,
      advice: advised(against),
      condition: provided(against),
      evidence: against.flatMap(({evidence}) => evidence),
    },
  ]
}

/** The same policy keeps out the tunnels of all pods it selects. */
function findingOf(blocked: readonly Blocked[]): Finding {
  const [{who, from, advice, condition} = {who: '', from: '', advice: '', condition: ''}] = blocked
  const to = listText([...new Set(blocked.map((one) => one.to))].toSorted())
  const evidence = new Map(blocked.flatMap((one) => one.evidence).map((one) => [JSON.stringify(one), one]))
  return {
    kind: 'tunnel-blocked',
    text: `${who}${advice}; from ${from} to ${to} clients see a timeout${condition}`,
    evidence: [...evidence.values()],
  }
}

function blocks(against: readonly Admitted[]): string {
  return against.some(({admitted}) => admitted === 'no') ? 'blocks' : 'may block'
}

function provided(against: readonly Admitted[]): string {
  const denials = against.filter(({admitted}) => admitted === 'no')
  const [doubt] = denials.map((denial) => denial.doubt)
  return doubt === undefined || denials.some((denial) => denial.doubt === undefined) ? '' : `, if ${doubt.holds}`
}

function advised(against: readonly Admitted[]): string {
  const advice = [...new Set(against.flatMap((one) => one.advice ?? []))]
  return advice.length === 0 ? '' : `: ${advice.join(', and ')}`
}

function podText(directory: Directory, ip: string): string {
  const pod = directory.podAt(ip)
  return pod === undefined ? '' : ` (${pod.name})`
}
