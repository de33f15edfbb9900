import type {Place} from '../flow/forwarder.js'
import type {Evidence} from '../flow/step.js'
import type {Trace} from '../flow/trace.js'
import type {Glyphs} from './glyphs.js'
import type {Tone} from './tree-row.js'

/** What the rows of one tree have in common. */
export interface TreeStyle {
  readonly trace: Trace
  readonly glyphs: Glyphs
  readonly width: number
  readonly verbose: boolean
  readonly evidence: boolean
  readonly name: (place: Place) => string
}

const LABELS = {
  node: 'capture',
  envoy: 'envoy',
  app: 'app',
  ztunnel: 'ztunnel',
  waypoint: 'waypoint',
  gateway: 'gateway',
  sidecar: 'sidecar',
  outside: 'outside',
} as const satisfies Record<Place['kind'], string>

export function placeLabel(place: Place): string {
  return LABELS[place.kind]
}

/** Names without their namespace: the column is narrow, and the detail of the ends tells it. With the cluster where there are several. */
export function placeTitle({kind, name: own, cluster}: Place, {name}: Pick<TreeStyle, 'name'>): string {
  const title = name({kind, name: own, ...(cluster === undefined ? {} : {cluster})})
  return kind === 'node' ? `node ${title}` : title
}

export function placeTone(place: Place): Tone {
  return place.kind === 'app' || place.kind === 'outside' || place.kind === 'node' ? 'strong' : 'proxy'
}

/** `file#pointer`, or `file:12` for a line of a text; version and basis where they say more. */
export function evidenceText({dump, pointer, version, basis}: Evidence): string {
  const line = /^line (\d+)$/.exec(pointer)?.[1]
  const notes = [...(version === undefined ? [] : [`version ${version}`]), ...(basis === 'recorded' ? [] : [basis])]
  return `${dump}${line === undefined ? `#${pointer}` : `:${line}`}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`
}
