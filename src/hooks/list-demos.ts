import type {Hook} from '@oclif/core'
import {demoSummaries} from '../app/demos.js'
import {renderDemos} from '../render/demo-list.js'
import {endAnswered} from './process-end.js'

/** `--demo` alone lists the demos (design §5); oclif knows no flag with an optional value, so the question is answered before it parses. */
export const listDemosAlone: Hook<'prerun'> = function ({Command, argv}) {
  if ('demo' in Command.flags && asksForDemos(argv)) {
    const demos = demoSummaries()
    process.stdout.write(`${argv.includes('--json') ? JSON.stringify({demos}, undefined, 2) : renderDemos(demos)}\n`)
    endAnswered()
  }
  return Promise.resolve()
}

/** The flag stands last, or another flag follows where its value would be. */
export function asksForDemos(argv: readonly string[]): boolean {
  const at = argv.indexOf('--demo')
  const end = argv.indexOf('--')
  return at >= 0 && (end < 0 || at < end) && (argv[at + 1] ?? '-').startsWith('-')
}
