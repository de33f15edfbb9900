import type {DumpStore, ResourceRef} from '../../json/store.js'

/** All elements of a dump, section by section. */
export function* elements(store: DumpStore): Generator<ResourceRef, void, undefined> {
  for (const section of store.sections()) yield* store.refs(section)
}

/** Reference tokens of an RFC 6901 pointer. */
export function tokensOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}
