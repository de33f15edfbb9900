import type {DemoSummary} from '../app/demos.js'

/** One demo a paragraph: name, what it shows, what to type first. */
export function renderDemos(demos: readonly DemoSummary[]): string {
  return demos.map(({name, about, first}) => [name, `  ${about}`, ...(first === undefined ? [] : [`  ${first}`])].join('\n')).join('\n\n')
}
