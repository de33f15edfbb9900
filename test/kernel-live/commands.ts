import {execFileSync, spawnSync} from 'node:child_process'

const MOST_OUTPUT = 64 * 1024 * 1024

/** A command whose failure is a failure of the suite. */
export function run(program: string, args: readonly string[], input = ''): string {
  return execFileSync(program, args, {encoding: 'utf8', input, stdio: 'pipe', maxBuffer: MOST_OUTPUT})
}

/** A shell script inside a namespace of the suite's own. */
function runInside(namespace: string, script: string): string {
  return run('ip', ['netns', 'exec', namespace, 'sh', '-e', '-c', script])
}

/** Outputs of several commands of one namespace, in one go. */
export function outputsInside(namespace: string, commands: readonly string[]): readonly string[] {
  const separator = '<-- next output -->'
  return runInside(namespace, commands.join(`\necho '${separator}'\n`)).split(`${separator}\n`)
}

export function succeeds(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, {stdio: 'ignore'}).status === 0
}
