import {inRange, type Range} from './ip.js'

/** Ranges with a value each, found by an address in as many steps as there are ranges inside each other. */
export interface IpTrie<T> {
  /** Values of all ranges that hold the address, longest range first; those of one range in the order they came. */
  readonly find: (address: readonly number[]) => T[]
}

/** A range of the trie; those without values only fork. */
interface TrieNode<T> extends Range {
  readonly values: T[]
  readonly children: [TrieNode<T> | undefined, TrieNode<T> | undefined]
}

/** Builds a path-compressed binary trie for each family: IPv4 and IPv6 never match each other. */
export function ipTrie<T>(entries: Iterable<readonly [Range, T]>): IpTrie<T> {
  const roots = new Map<number, TrieNode<T>>()
  for (const [range, value] of entries) {
    const root = roots.get(range.bytes.length) ?? nodeOf({bytes: range.bytes, length: 0})
    roots.set(range.bytes.length, root)
    nodeFor(root, range).values.push(value)
  }
  return {find: (address) => valuesAbove(roots.get(address.length), address)}
}

function valuesAbove<T>(root: TrieNode<T> | undefined, address: readonly number[]): T[] {
  const passed: T[][] = []
  let node = root
  while (node !== undefined && inRange(address, node)) {
    if (node.values.length > 0) passed.push(node.values)
    node = node.length < address.length * 8 ? node.children[bitAt(address, node.length)] : undefined
  }
  return passed.reverse().flat()
}

/** The node of exactly this range, made where it is missing. */
function nodeFor<T>(root: TrieNode<T>, range: Range): TrieNode<T> {
  let node = root
  while (node.length < range.length) node = nextNode(node, range)
  return node
}

/** One step down towards the range: into the child that holds it, or into a new node where the ways part. */
function nextNode<T>(node: TrieNode<T>, range: Range): TrieNode<T> {
  const side = bitAt(range.bytes, node.length)
  const child = node.children[side]
  const common = child === undefined ? range.length : commonBits(child, range)
  if (child?.length === common) return child
  const added = nodeOf<T>({bytes: range.bytes, length: common})
  if (child !== undefined) added.children[bitAt(child.bytes, common)] = child
  node.children[side] = added
  return added
}

function nodeOf<T>({bytes, length}: Range): TrieNode<T> {
  return {bytes, length, values: [], children: [undefined, undefined]}
}

function commonBits(a: Range, b: Range): number {
  const length = Math.min(a.length, b.length)
  let bits = 0
  while (bits < length && bitAt(a.bytes, bits) === bitAt(b.bytes, bits)) bits += 1
  return bits
}

function bitAt(bytes: readonly number[], index: number): 0 | 1 {
  return (((bytes[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) === 1 ? 1 : 0
}
