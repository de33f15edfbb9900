import type {Hook} from '@oclif/core'
import {endAnswered} from './process-end.js'

/** `--demo` alone lists the demos (design §5); oclif knows no flag with an optional value, so the question is answered before it parses. */
export const listDemosAlone: Hook<'prerun'> = async function ({Command, argv}) {
  if (!('demo' in Command.flags) || !asksForDemos(argv)) return
  const [{demoSummaries}, {renderDemos}] = await Promise.all([import('../app/demos.js'), import('../render/demo-list.js')])
  const demos = demoSummaries()
  process.stdout.write(`${argv.includes('--json') ? JSON.stringify({demos}, undefined, 2) : renderDemos(demos)}\n`)
  endAnswered()
}

/** The flag stands last, or another flag follows where its value would be. */
export function asksForDemos(argv: readonly string[]): boolean {
  const at = argv.indexOf('--demo')
  const end = argv.indexOf('--')
  return at >= 0 && (end < 0 || at < end) && (argv[at + 1] ?? '-').startsWith('-')
}
