import {isRecord, valueAt} from '../json-tree.js'
import type {Random} from '../random.js'
import {deepValue, twin, type Edit} from './edit.js'
import {fieldOf, type Drawing, type Ground, type Node} from './ground.js'
import {drawLoop} from './loops.js'
import {HOSTILE_FIELDS, HOSTILE_NUMBERS, HOSTILE_SHAPES, HOSTILE_TEXTS} from './hostile.js'

type Draw = (drawing: Drawing) => readonly Edit[]

/** One to eight changes: most cases have few, so that they get far. */
export function drawEdits(drawing: Drawing): readonly Edit[] {
  const {random} = drawing
  const count = 1 + Math.min(random.below(4), random.below(8))
  const edits = Array.from({length: count}, () => random.pick(DRAWS)(drawing)).flat()
  return random.chance(0.06) ? [...edits, drawByteEdit(random)] : edits
}

const DRAWS: readonly Draw[] = [
  ({ground, random}) => [{op: 'delete', path: anywhere(ground, random).path}],
  ({ground, random}) => [{op: 'delete', path: anywhere(ground, random).path}],
  duplicate,
  swap,
  ({ground, random}) => [{op: 'set', path: anywhere(ground, random).path, value: random.pick(HOSTILE_SHAPES)}],
  hostileNumber,
  hostileText,
  hostileText,
  hostileField,
  hostileField,
  hostileField,
  otherName,
  otherName,
  otherName,
  ({ground, donor, random}) => [{op: 'set', path: anywhere(ground, random).path, value: anywhere(donor, random).value}],
  ({ground, random}) => [{op: 'set', path: anywhere(ground, random).path, value: anywhere(ground, random).value}],
  nest,
  rename,
  nameless,
  drawLoop,
  drawLoop,
]

function anywhere({nodes}: Ground, random: Random): Node {
  return nodes.length === 0 ? {path: [], value: null} : random.pick(nodes)
}

function among(nodes: readonly Node[], {ground, random}: Drawing): Node {
  return nodes.length === 0 ? anywhere(ground, random) : random.pick(nodes)
}

function duplicate({ground, random}: Drawing): readonly Edit[] {
  const {path, value} = among(ground.items, {ground, donor: ground, random})
  return Array.from({length: random.chance(0.1) ? 200 : 1}, () => ({op: 'insert' as const, path, value}))
}

function swap({ground, random}: Drawing): readonly Edit[] {
  const [a, b] = [anywhere(ground, random), anywhere(ground, random)]
  return [
    {op: 'set', path: a.path, value: b.value},
    {op: 'set', path: b.path, value: a.value},
  ]
}

function hostileNumber(drawing: Drawing): readonly Edit[] {
  return [{op: 'set', path: among(drawing.ground.numbers, drawing).path, value: drawing.random.pick(HOSTILE_NUMBERS)}]
}

function hostileText(drawing: Drawing): readonly Edit[] {
  return [{op: 'set', path: among(drawing.ground.texts, drawing).path, value: drawing.random.pick(HOSTILE_TEXTS)}]
}

function hostileField(drawing: Drawing): readonly Edit[] {
  const {path} = among(drawing.ground.known, drawing)
  return [{op: 'set', path, value: drawing.random.pick(HOSTILE_FIELDS.get(fieldOf(path)) ?? HOSTILE_TEXTS)}]
}

/** Breaks a reference, or makes two things have the same name. */
function otherName(drawing: Drawing): readonly Edit[] {
  const {path} = among(drawing.ground.names, drawing)
  const other = among(drawing.random.chance(0.9) ? drawing.ground.names : drawing.donor.names, drawing)
  return [{op: 'set', path, value: other.value}]
}

/** A value inside itself: a matcher in its own branch, a listener in its own list. */
function nest({ground, random}: Drawing): readonly Edit[] {
  const {path} = anywhere(ground, random)
  if (random.chance(0.3)) return [{op: 'set', path, value: deepValue(random.pick([5, 100, 510, 513, 20_000]))}]
  const ancestor = path.slice(0, random.below(path.length + 1))
  return ancestor.length < 2 ? [] : [{op: 'set', path, value: valueAt(ground.document, ancestor)}]
}

function rename({ground, random}: Drawing): readonly Edit[] {
  if (ground.members.length === 0) return []
  const {path} = random.pick(ground.members)
  const key = String(path.at(-1))
  const parent = valueAt(ground.document, path.slice(0, -1))
  const sibling = isRecord(parent) ? Object.keys(parent).find((other) => other !== key) : undefined
  const camel = key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return [{op: 'rename', path, to: random.pick(['__proto__', 'constructor', camel, `${key}2`, '', twin(sibling ?? key)])}]
}

/** As istioctl and old Envoys print endpoints (envoy-2022 D8), or as nothing prints anything. */
function nameless({ground, random}: Drawing): readonly Edit[] {
  const field = random.pick(['cluster_name', 'name', '@type', 'version_info'])
  const all = ground.nodes.filter(({path}) => path.at(-1) === field && isRecord(valueAt(ground.document, path.slice(0, -1))))
  const from = field === 'cluster_name' ? 0 : random.below(all.length)
  return all.slice(from, from + 60).map(({path}) => ({op: 'delete', path}))
}

export function drawByteEdit(random: Random): Edit {
  const at = random.next()
  const put = random.pick([
    [0xff],
    [0xc3, 0x28],
    [0xed, 0xa0, 0x80],
    [0],
    [0xef, 0xbb, 0xbf],
    [0x1f, 0x8b],
    [0x7d],
    [0x5d],
    [0x2c],
    [0x22],
    [0x5c],
  ])
  return random.pick<Edit>([
    {op: 'cut', at},
    {op: 'bytes', at, put, over: 0},
    {op: 'bytes', at, put, over: 1},
    {op: 'bytes', at: 0, put, over: random.below(3)},
    {op: 'bytes', at: 1, put, over: 0},
    {op: 'bytes', at, put: [], over: 1 + random.below(40)},
  ])
}
