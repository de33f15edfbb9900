import {Flags, type Interfaces} from '@oclif/core'
import {questionFrom} from '../app/question-input.js'
import {UsageError} from '../flow/errors.js'
import type {Question} from '../flow/trace.js'
import type {Destination} from '../snapshot/staging.js'
import {questionFlags, requestFlags, sourceFlags} from './flags.js'

const {namespace, 'envoy-version': envoyVersion} = sourceFlags

export const minimizeFlags = {
  flow: Flags.string({
    description: 'Flow whose trace must stay what it is: SRC and DST as trace takes them, in quotes. Repeatable.',
    helpValue: '"SRC DST"',
    multiple: true,
    multipleNonGreedy: true,
    required: true,
  }),
  'output-dir': Flags.string({
    description: 'Where the new snapshot goes: a new or empty directory.',
    helpValue: 'DIR',
  }),
  output: Flags.string({char: 'o', description: 'Pack the new snapshot as FILE.tar.gz instead.', helpValue: 'FILE'}),
  namespace,
  'envoy-version': envoyVersion,
  ...requestFlags,
  ...questionFlags,
  reverse: Flags.boolean({description: 'Ask the flows back, from DST to SRC, as new questions.', exclusive: ['from-kind']}),
}

export type MinimizeFlags = Interfaces.InferredFlags<typeof minimizeFlags>

/** The questions of the flows, with what all of them share. @throws UsageError for a flow that has not two ends. */
export function flowsFrom(flags: MinimizeFlags): readonly Question[] {
  const {method, path, host, header: headers, protocol, sni, 'from-kind': fromKind} = flags
  return flags.flow.map((flow) => questionFrom({...endsOf(flow), method, path, host, headers, protocol, sni, fromKind}))
}

function endsOf(flow: string): {readonly source: string; readonly destination: string} {
  const [source, destination, ...others] = flow.trim().split(/\s+/)
  if (source !== undefined && destination !== undefined && others.length === 0) return {source, destination}
  throw new UsageError({what: 'A flow has two ends.', where: '--flow', expected: '--flow "SRC DST"', got: flow})
}

/** @throws UsageError without one place, and for an archive with a name that no reader takes for one. */
export function destinationFrom({output, 'output-dir': directory}: MinimizeFlags): Destination {
  if (directory !== undefined && output === undefined) return {directory}
  if (directory === undefined && output !== undefined && /\.(?:tar\.gz|tgz)$/.test(output)) return {archive: output}
  throw new UsageError({
    what: 'One place for the new snapshot is needed.',
    expected: '--output-dir DIR or -o FILE.tar.gz',
    got: directory === undefined ? (output ?? 'neither') : 'both',
  })
}
