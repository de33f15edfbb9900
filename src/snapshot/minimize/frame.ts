import type {Group, ResourceIndex} from '../../json/resource-index.js'

/**
 * Whether an element goes with its file: types, versions and the bootstrap of an Envoy, settings and version of a ztunnel, the kind of
 * a List. They say how all others are read.
 */
export function frameOf(resources: ResourceIndex): (id: number) => boolean {
  const groups = resources.groups.filter(isFrame)
  return (id) => groups.some(({first, count}) => id >= first && id < first + count)
}

/** The elements of a file that may be left out, in document order. */
export function* droppableIds(resources: ResourceIndex): Generator<number, void, undefined> {
  for (const group of resources.groups) {
    if (isFrame(group)) continue
    for (let id = group.first; id < group.first + group.count; id++) yield id
  }
}

/** Each entry of a `?resource=` answer is a config object of its own: no frame. */
function isFrame({config, key, section, last}: Group): boolean {
  if (last === 'nothing') return key !== undefined
  return config === undefined && last === 'key' && SETTINGS.has(section)
}

const SETTINGS: ReadonlySet<string> = new Set(['config', 'version', 'metadata'])

/** envoy-2022 D8: whose the endpoints are that have no name is told by all clusters and all endpoints of the dump together. */
export function isJoinedByContent(resources: ResourceIndex): boolean {
  for (const id of resources.ids('dynamic_endpoint_configs')) if (resources.ref(id).name === undefined) return true
  return false
}
