import type {Interfaces} from '@oclif/core'
import {openLive} from '../app/live.js'
import {questionFrom} from '../app/question-input.js'
import {openTraceSource, type TraceSource} from '../app/trace-source.js'
import type {Question} from '../flow/trace.js'
import {liveFlags, liveOnly, liveRequest, rulesFlag} from './cluster-flags.js'
import {meshOptionsOf, questionFlags, requestFlags, sourceFlags, sourcesOf, traceOutputFlags} from './flags.js'

export const traceFlags = {...sourceFlags, ...requestFlags, ...questionFlags, ...traceOutputFlags, ...liveFlags, ...rulesFlag}

export type TraceFlags = Interfaces.InferredFlags<typeof traceFlags>

/** What opening a source needs of the command. */
export interface Opener {
  readonly version: string
  readonly warn: (warning: string) => void
  readonly progress: (line: string) => void
  /** Asked for only where there is something to cancel: otherwise ^C ends the process. */
  readonly cancelSignal: () => AbortSignal
}

/** Undefined where the questions come from `--batch`. @throws UsageError without source or destination */
export function questionOf(args: Readonly<Record<string, string | undefined>>, flags: TraceFlags): Question | undefined {
  if (flags.batch !== undefined) return undefined
  const {method, path, host, header: headers, protocol, sni, 'from-kind': fromKind} = flags
  return questionFrom({...args, method, path, host, headers, protocol, sni, fromKind})
}

/** The recording that the flags name, else the live cluster. */
export function sourceFrom(flags: TraceFlags, {version, warn, progress, cancelSignal}: Opener): Promise<TraceSource> {
  const mesh = meshOptionsOf(flags)
  return openTraceSource({
    sources: sourcesOf(flags),
    mesh,
    warn,
    liveOnly: liveOnly(flags),
    openLive: () =>
      openLive({
        ...liveRequest(flags),
        capture: flags.capture,
        tool: {name: 'ambientctl', version},
        mesh,
        warn,
        progress,
        cancelSignal: cancelSignal(),
      }),
  })
}
