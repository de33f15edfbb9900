import {existsSync} from 'node:fs'
import {run, succeeds} from './commands.js'

const NAME = 'ambientctl-kernel-'

/** What the namespaces of this run are called: nobody else's can have the name. */
export function prefixOf(processId: number): string {
  return `${NAME}${processId}`
}

/** Removes namespaces of earlier runs that were killed before they could. */
export function removeLeftovers(): void {
  const names = run('ip', ['netns', 'list'])
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
  for (const name of names) {
    const processId = name.startsWith(NAME) ? /^\d+/.exec(name.slice(NAME.length))?.[0] : undefined
    if (processId !== undefined && !existsSync(`/proc/${processId}`)) succeeds('ip', ['netns', 'del', name])
  }
}
