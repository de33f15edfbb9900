import {isList, isRecord, setOwn, valueAt, type Path} from '../json-tree.js'

/** One change, as data: a failing case is told, shrunk and replayed by its list of edits. */
export type Edit =
  | {readonly op: 'set'; readonly path: Path; readonly value: unknown}
  | {readonly op: 'delete'; readonly path: Path}
  /** Before the element at the path. */
  | {readonly op: 'insert'; readonly path: Path; readonly value: unknown}
  | {readonly op: 'rename'; readonly path: Path; readonly to: string}
  /** On the bytes, after everything else; places as a fraction of the length. */
  | {readonly op: 'cut'; readonly at: number}
  | {readonly op: 'bytes'; readonly at: number; readonly put: readonly number[]; readonly over: number}

/** Applies the edits to the document in place, in their order. An edit whose place is gone does nothing. */
export function applyEdits(document: unknown, edits: readonly Edit[]): unknown {
  let root = document
  for (const edit of edits) if ('path' in edit) root = applyTo(root, edit)
  return root
}

type TreeEdit = Extract<Edit, {readonly path: Path}>

function applyTo(root: unknown, edit: TreeEdit): unknown {
  const key = edit.path.at(-1)
  if (key === undefined) return edit.op === 'set' ? structuredClone(edit.value) : root
  const parent = valueAt(root, edit.path.slice(0, -1))
  if (isList(parent) && typeof key === 'number' && key <= parent.length) changeList(parent, {edit, key})
  else if (isRecord(parent)) changeRecord(parent, {edit, key: String(key)})
  return root
}

function changeList(list: unknown[], {edit, key}: {readonly edit: TreeEdit; readonly key: number}): void {
  if (edit.op === 'delete') list.splice(key, 1)
  if (edit.op === 'insert') list.splice(key, 0, structuredClone(edit.value))
  if (edit.op === 'set') list[key] = structuredClone(edit.value)
}

function changeRecord(record: Record<string, unknown>, {edit, key}: {readonly edit: TreeEdit; readonly key: string}): void {
  if (edit.op === 'delete') Reflect.deleteProperty(record, key)
  if (edit.op === 'set') setOwn(record, key, structuredClone(edit.value))
  if (edit.op !== 'rename' || !Object.hasOwn(record, key)) return
  const value = record[key]
  Reflect.deleteProperty(record, key)
  setOwn(record, edit.to, value)
}

/** What JSON.stringify cannot write: a string or key that begins so is replaced in the text. */
const MARK = '\u0001'

/** Digits as a number, however long. */
export function rawNumber(digits: string): string {
  return `${MARK}number:${digits}`
}

/** Lists in lists. */
export function deepValue(depth: number): string {
  return `${MARK}deep:${depth}`
}

/** A second member of the same name. */
export function twin(key: string): string {
  return `${key}${MARK}twin`
}

const WRITTEN = /"\\u0001(number|deep):([^"]*)"|\\u0001twin(?=")/g

/** The document as bytes, with what JSON.stringify would not write, and with the edits of bytes. */
export function toBytes(document: unknown, edits: readonly Edit[]): Buffer {
  return changeBytes(toText(document), edits)
}

function toText(document: unknown): string {
  return JSON.stringify(document ?? null).replace(WRITTEN, (_, kind: string | undefined, argument: string | undefined) =>
    expand(kind, argument ?? ''),
  )
}

function expand(kind: string | undefined, argument: string): string {
  if (kind === 'number') return argument
  return kind === 'deep' ? '['.repeat(Number(argument)) + ']'.repeat(Number(argument)) : ''
}

export function changeBytes(text: string, edits: readonly Edit[]): Buffer {
  let bytes = Buffer.from(text)
  for (const edit of edits) {
    if (edit.op === 'cut') bytes = bytes.subarray(0, Math.floor(bytes.length * edit.at))
    if (edit.op === 'bytes') {
      const at = Math.floor(bytes.length * edit.at)
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(edit.put), bytes.subarray(at + edit.over)])
    }
  }
  return bytes
}
