import type {View} from '../../json/view.js'
import type {ListenerResource, ResourceState} from './model.js'

export interface ResourceParts {
  readonly name: string
  readonly state: ResourceState
  readonly version?: string
  readonly rejectedUpdate?: string
  readonly notes?: readonly string[]
  readonly read: () => View
}

/** A resource whose message is read when somebody asks for it: a large dump must not stay in memory. */
export class LazyResource implements ListenerResource {
  readonly name: string
  readonly state: ResourceState
  readonly version?: string
  readonly rejectedUpdate?: string
  readonly notes?: readonly string[]
  readonly #read: () => View

  constructor(parts: ResourceParts) {
    this.name = parts.name
    this.state = parts.state
    if (parts.version !== undefined) this.version = parts.version
    if (parts.rejectedUpdate !== undefined) this.rejectedUpdate = parts.rejectedUpdate
    if (parts.notes !== undefined && parts.notes.length > 0) this.notes = parts.notes
    this.#read = parts.read
  }

  get view(): View {
    return this.#read()
  }
}
