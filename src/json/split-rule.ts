/** What stands at a place of the document that is split further. */
export type Role = 'root' | 'configs' | 'config' | 'list' | 'map'

/** The value that is split: where it stands, and which key or position it has there. */
interface Parent {
  readonly role: Role
  readonly token: string | number | undefined
}

/**
 * How far a document is split. The list `configs` gives the members of its objects: lists item by item
 * (`/configs/3/dynamic_listeners/0`), anything else whole (`/configs/0/bootstrap`, `/configs/3/@type`). Every other member of the document
 * gives its items when it is a list, its members when it is an object (`/workloads/…`), and itself when it is a scalar.
 */
export function childRole(parent: Parent | undefined, container: 'object' | 'array'): Role | 'element' | 'refused' {
  switch (parent?.role) {
    case undefined:
      return container === 'object' ? 'root' : 'refused'
    case 'root':
      if (container === 'object') return 'map'
      return parent.token === 'configs' ? 'configs' : 'list'
    case 'configs':
      return container === 'object' ? 'config' : 'element'
    case 'config':
      return container === 'array' ? 'list' : 'element'
    default:
      return 'element'
  }
}

/**
 * Whether a key of the document or of a config object may come twice. `configs`, or a section of one config object, may not
 * (`duplicate-key`): nobody prints that, and elements told already would silently be the wrong ones. Other keys of the document may
 * (ztunnel 1.19 to 1.21 print `by_hostname` twice), and so may keys of a map: both are told in order and the last one counts, as in JSON.parse.
 */
export function mayRepeat(role: Role, key: string): boolean {
  return role === 'root' && key !== 'configs'
}
