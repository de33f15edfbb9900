import {nodesOf, type Path} from '../json-tree.js'
import type {Random} from '../random.js'
import {HOSTILE_FIELDS} from './hostile.js'

export interface Node {
  readonly path: Path
  readonly value: unknown
}

/** A document to change, with its places listed once. */
export interface Ground {
  readonly document: unknown
  readonly nodes: readonly Node[]
  /** Places of fields that have fears of their own. */
  readonly known: readonly Node[]
  readonly names: readonly Node[]
  readonly numbers: readonly Node[]
  readonly texts: readonly Node[]
  readonly items: readonly Node[]
  readonly members: readonly Node[]
}

const NAMES = new Set([
  'name',
  'cluster',
  'cluster_name',
  'route_config_name',
  'server_listener_name',
  'stat_prefix',
  'uid',
  'hostname',
  '@type',
])

export function survey(document: unknown): Ground {
  const nodes = [...nodesOf(document)].slice(1)
  return {
    document,
    nodes,
    known: nodes.filter(({path}) => HOSTILE_FIELDS.has(fieldOf(path))),
    names: nodes.filter(({path, value}) => typeof value === 'string' && NAMES.has(String(path.at(-1)))),
    numbers: nodes.filter(({value}) => typeof value === 'number'),
    texts: nodes.filter(({value}) => typeof value === 'string'),
    items: nodes.filter(({path}) => typeof path.at(-1) === 'number'),
    members: nodes.filter(({path}) => typeof path.at(-1) === 'string'),
  }
}

/** Elements of a list have the fears of the list. */
export function fieldOf(path: Path): string {
  return String(path.findLast((key) => typeof key === 'string'))
}

export interface Drawing {
  readonly ground: Ground
  /** Where foreign parts come from. */
  readonly donor: Ground
  readonly random: Random
}
