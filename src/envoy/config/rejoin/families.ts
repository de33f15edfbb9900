import type {AssignmentContent} from './assignment-content.js'
import {familyOf, waypointPort, type NamelessCluster} from './nameless-cluster.js'

/** A cluster that lost its assignment's name. */
export interface Orphan {
  readonly cluster: NamelessCluster
  readonly takesTunnels: boolean
}

/** How many clusters a family has for each source. Most families have the same, and then share one roster. */
export interface Roster {
  readonly size: number
  readonly counts: ReadonlyMap<string, number>
}

/** Clusters that must have equal endpoint sets, one per source identity (envoy-2022 D8 step 3). */
export interface Family {
  readonly name: string
  readonly orphans: readonly Orphan[]
  readonly roster: Roster
  readonly takesTunnels: boolean
  /** The only port its plain endpoints can have. */
  readonly port?: number
}

/** Assignments with one content, by the source identity in their listener names; plain sockets tell none and stand under ''. */
export interface ContentClass<T> {
  readonly content: AssignmentContent
  readonly assignments: ReadonlyMap<string, readonly T[]>
}

/** How many assignments of a class are not taken yet. */
export type Left = Map<string, number>

/** A source that the name of a cluster does not tell takes from any identity. */
const ANY = '*'

export function groupFamilies(orphans: readonly Orphan[]): Family[] {
  const groups = new Map<string, Orphan[]>()
  for (const orphan of orphans) groupOf(groups, familyOf(orphan.cluster)).push(orphan)
  const rosters = new Map<string, Roster>()
  return [...groups].map(([name, members]) => {
    const [port] = members.flatMap(({cluster: {target}}) => (target.kind === 'waypoint' ? [waypointPort(target.side)] : []))
    const takesTunnels = members.every((member) => member.takesTunnels)
    return {name, orphans: members, roster: rosterOf(members, rosters), takesTunnels, ...(port === undefined ? {} : {port})}
  })
}

/** Reads each assignment once and keeps no more than its place and one content per class. */
export function groupContents<T>(assignments: Iterable<{readonly content: AssignmentContent; readonly assignment: T}>): ContentClass<T>[] {
  const classes = new Map<string, {content: AssignmentContent; assignments: Map<string, T[]>}>()
  for (const {content, assignment} of assignments) {
    const known = classes.get(content.key) ?? {content, assignments: new Map<string, T[]>()}
    classes.set(content.key, known)
    groupOf(known.assignments, content.identity ?? '').push(assignment)
  }
  return [...classes.values()]
}

export function leftOf<T>({assignments}: ContentClass<T>): Left {
  return new Map([...assignments].map(([identity, list]) => [identity, list.length]))
}

/** Whether a family could use such endpoints at all (envoy-2022 D8 step 2). */
export function hasShape({takesTunnels, port}: Family, content: AssignmentContent): boolean {
  return (takesTunnels || !content.tunnelled) && (port === undefined || [...content.ports].every((one) => one === port))
}

interface Stock {
  readonly content: AssignmentContent
  readonly left: Left
}

/** Whether enough assignments are left for every member of a family. */
export function suffices(roster: Roster, {content, left}: Stock): boolean {
  if (content.identity === undefined) return (left.get('') ?? 0) >= roster.size
  return [...roster.counts].every(([source, count]) => (source === ANY ? total(left) : (left.get(source) ?? 0)) >= count)
}

/** Takes one assignment per member of a family. */
export function takeOut(roster: Roster, {content, left}: Stock): void {
  const demand = content.identity === undefined ? [['', roster.size] as const] : roster.counts
  for (const [source, count] of demand) left.set(source, (left.get(source) ?? 0) - count)
}

export function total(left: Left): number {
  let sum = 0
  for (const count of left.values()) sum += count
  return sum
}

function rosterOf(members: readonly Orphan[], rosters: Map<string, Roster>): Roster {
  const counts = new Map<string, number>()
  for (const {cluster} of members) counts.set(cluster.source ?? ANY, (counts.get(cluster.source ?? ANY) ?? 0) + 1)
  const key = JSON.stringify([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const roster = rosters.get(key) ?? {size: members.length, counts}
  rosters.set(key, roster)
  return roster
}

function groupOf<T>(groups: Map<string, T[]>, key: string): T[] {
  const group = groups.get(key) ?? []
  groups.set(key, group)
  return group
}
