import type {AssignmentContent} from './assignment-content.js'
import {familyOf, waypointPort, type NamelessCluster} from './nameless-cluster.js'

/** A cluster that lost its assignment's name. */
export interface Orphan {
  readonly cluster: NamelessCluster
  readonly takesTunnels: boolean
}

/** Clusters that must have equal endpoint sets, one per source identity. */
export interface Family {
  readonly name: string
  readonly orphans: readonly Orphan[]
  readonly sources: readonly (string | undefined)[]
}

/** Nameless assignments with one content: as many families can have it as there are assignments for each of their sources. */
export interface ContentClass<T> {
  readonly content: AssignmentContent
  readonly assignments: readonly {readonly identity?: string; readonly assignment: T}[]
  /** How many are left, by source identity; plain sockets tell none and stand under ''. */
  readonly left: Map<string, number>
}

export function groupFamilies(orphans: readonly Orphan[]): Family[] {
  const groups = new Map<string, Orphan[]>()
  for (const orphan of orphans) groupOf(groups, familyOf(orphan.cluster)).push(orphan)
  return [...groups].map(([name, members]) => ({name, orphans: members, sources: members.map(({cluster}) => cluster.source)}))
}

export function groupContents<T>(assignments: readonly {readonly content: AssignmentContent; readonly assignment: T}[]): ContentClass<T>[] {
  const groups = new Map<string, {content: AssignmentContent; assignment: T}[]>()
  for (const one of assignments) groupOf(groups, one.content.key).push(one)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const left = new Map<string, number>()
    for (const {content} of group) left.set(content.identity ?? '', (left.get(content.identity ?? '') ?? 0) + 1)
    const members = group.map(({content, assignment}) => ({
      ...(content.identity === undefined ? {} : {identity: content.identity}),
      assignment,
    }))
    return [{content: first.content, assignments: members, left}]
  })
}

/** A source the cluster's name does not tell takes from any identity. */
const ANY = '*'

/** Takes one assignment per member of the family out of a class. */
export function takeOut<T>(family: Family, content: ContentClass<T>): void {
  for (const [identity, count] of demandOf(family, content)) content.left.set(identity, (content.left.get(identity) ?? 0) - count)
}

/** Whether a class can be the content of a family: shape, source identities and number fit (envoy-2022 D8 steps 2 and 3). */
export function fits<T>(family: Family, content: ContentClass<T>): boolean {
  return hasShape(family, content.content) && suffices(family, content)
}

/** Whether all clusters of a family could use such endpoints. */
export function hasShape(family: Family, content: AssignmentContent): boolean {
  return family.orphans.every((orphan) => shapeFits(orphan, content))
}

/** Whether enough assignments of a class are left for a family. */
export function suffices<T>(family: Family, {content, left}: ContentClass<T>): boolean {
  return [...demandOf(family, {content})].every(
    ([identity, count]) => (identity === ANY ? [...left.values()].reduce((sum, one) => sum + one, 0) : (left.get(identity) ?? 0)) >= count,
  )
}

function demandOf(family: Family, {content}: {readonly content: AssignmentContent}): ReadonlyMap<string, number> {
  const demand = new Map<string, number>()
  for (const source of family.sources) {
    const key = content.identity === undefined ? '' : (source ?? ANY)
    demand.set(key, (demand.get(key) ?? 0) + 1)
  }
  return demand
}

function shapeFits({cluster, takesTunnels}: Orphan, content: AssignmentContent): boolean {
  if (content.tunnelled && !takesTunnels) return false
  const {target} = cluster
  return target.kind !== 'waypoint' || [...content.ports].every((port) => port === waypointPort(target.side))
}

function groupOf<T>(groups: Map<string, T[]>, key: string): T[] {
  const group = groups.get(key) ?? []
  groups.set(key, group)
  return group
}
