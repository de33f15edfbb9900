import type {DumpStore} from '../../json/store.js'
import {lastToken, View} from '../../json/view.js'

/** An element of a section with the key it stands under, if the section is a map. */
export interface Keyed {
  readonly key: string
  readonly view: View
}

export function elementsOf(store: DumpStore, section: string): readonly Keyed[] {
  return [...store.refs(section)].map((ref) => ({key: lastToken(ref.pointer), view: store.read(ref)}))
}

/** Members of an object of the document as one view; undefined when the document has no such member. */
export function memberOf(store: DumpStore, section: string): View | undefined {
  const members = elementsOf(store, section)
  const [first] = members
  if (first === undefined) return undefined
  // fromEntries defines own properties: a key `__proto__` stays an ordinary key.
  const whole = Object.fromEntries(members.map(({key, view}) => [key, view.value]))
  return new View(whole, first.view.pointer.slice(0, first.view.pointer.lastIndexOf('/')))
}

/** Whether a section is an object, not a list: from 1.23 on ztunnel prints lists. */
export function isMap(store: DumpStore, section: string): boolean {
  const [first] = store.refs(section)
  return first !== undefined && !/^\d+$/.test(lastToken(first.pointer))
}
