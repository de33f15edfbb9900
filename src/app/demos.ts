import {listDemos} from '../snapshot/demos.js'

/** A demo as users see it: its name, what it shows, and a command to try first. */
export interface DemoSummary {
  readonly name: string
  readonly about: string
  readonly first?: string
}

/** The demos shipped with the program, in their published order. */
export function demoSummaries(): DemoSummary[] {
  return listDemos().map(({name, about, first}) => ({name, about, ...(first === undefined ? {} : {first})}))
}
