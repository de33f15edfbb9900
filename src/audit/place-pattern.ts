import type {Place} from '../flow/forwarder.js'
import type {PlacePattern} from './expectation.js'

const KINDS: ReadonlySet<string> = new Set<Place['kind']>(['app', 'ztunnel', 'waypoint', 'gateway', 'sidecar', 'envoy', 'node', 'outside'])

export const PLACE_SYNTAX = `KIND (${[...KINDS].join(', ')}), NAME, NAMESPACE/NAME, or KIND and one of these; * in a name stands for anything`

/** Name suffixes that controllers give to the pods of a Deployment, a DaemonSet or a StatefulSet. */
const POD_SUFFIXES = [/-[a-z0-9]{1,10}-[a-z0-9]{5}$/, /-[a-z0-9]{5}$/, /-\d{1,5}$/] as const

/** Reads `waypoint default/reviews`; undefined when it is no pattern. */
export function parsePlacePattern(text: string): PlacePattern | undefined {
  const words = text.trim().split(/\s+/)
  const [first = '', second] = words
  if (words.length > 2 || first === '' || (second !== undefined && !isKind(first))) return undefined
  if (second !== undefined) return {...kindOf(first), ...nameOf(second)}
  return isKind(first) ? kindOf(first) : nameOf(first)
}

export function formatPlacePattern({kind, namespace, name}: PlacePattern): string {
  const fullName = name === undefined ? [] : [namespace === undefined ? name : `${namespace}/${name}`]
  return [...(kind === undefined ? [] : [kind]), ...fullName].join(' ')
}

/** A name means the place of that name, or the pods of a Deployment, DaemonSet or StatefulSet of that name. */
export function fitsPlace(place: Place, pattern: PlacePattern): boolean {
  if (pattern.kind !== undefined && pattern.kind !== place.kind) return false
  if (pattern.namespace !== undefined && pattern.namespace !== place.namespace) return false
  return pattern.name === undefined || ownerNames(place.name).some((name) => fitsName(name, pattern.name ?? ''))
}

function ownerNames(pod: string): readonly string[] {
  return [pod, ...POD_SUFFIXES.flatMap((suffix) => (suffix.test(pod) ? [pod.replace(suffix, '')] : []))]
}

/** The pieces between the stars, in their order: no pattern from a file becomes a regular expression. */
function fitsName(name: string, pattern: string): boolean {
  const [head = '', ...pieces] = pattern.split('*')
  const tail = pieces.pop()
  if (tail === undefined) return name === head
  if (!name.startsWith(head)) return false
  let rest = name.slice(head.length)
  for (const piece of pieces) {
    const at = rest.indexOf(piece)
    if (at === -1) return false
    rest = rest.slice(at + piece.length)
  }
  return rest.endsWith(tail)
}

function nameOf(text: string): PlacePattern {
  const slash = text.indexOf('/')
  return slash === -1 ? {name: text} : {namespace: text.slice(0, slash), name: text.slice(slash + 1)}
}

function kindOf(text: string): PlacePattern {
  return isKind(text) ? {kind: text} : {}
}

function isKind(text: string): text is Place['kind'] {
  return KINDS.has(text)
}
