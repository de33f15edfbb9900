import {Args} from '@oclif/core'
import {answerBatch, batchExitCode} from '../app/batch.js'
import {readQuestion} from '../app/question-input.js'
import type {TraceOptions} from '../app/trace.js'
import type {TraceSource} from '../app/trace-source.js'
import {traceOutlook, type Question, type Trace as Result} from '../flow/trace.js'
import {batchDocument, renderBatchLine} from '../render/batch-line.js'
import {renderTrace} from '../render/render-trace.js'
import {traceDocument} from '../render/trace-json.js'
import {batchLines} from '../snapshot/batch-lines.js'
import {BaseCommand} from './base.js'
import {limitsOf, pinsOf} from './flags.js'
import {questionOf, sourceFrom, traceFlags, type TraceFlags} from './trace-flags.js'

/** Where a connection goes. */
export class Trace extends BaseCommand {
  static override summary = 'Follow a connection from SRC to DST, hop by hop, and say why.'
  static override description = `SRC: pod, ns/pod, deploy/x, sa/x, an address, node/x, or external.
DST: svc, svc.ns, a host name, ns/svc, pod/x or an address, each with :PORT
(name or number), which may be left out if there is only one.
All branches are shown, with their shares. Without a recording the live
cluster is asked through kubectl: its lists, then each proxy on the path.`

  static override examples = [
    '<%= config.bin %> trace sleep productpage:9080',
    '<%= config.bin %> trace sleep productpage:9080 --context prod-eu --save evidence',
    '<%= config.bin %> trace sleep productpage:9080 --snapshot ./recorded',
    '<%= config.bin %> trace sleep reviews:9080 --path /1 -o minimal --demo NAME',
    '<%= config.bin %> trace --batch questions.ndjson --snapshot ./recorded',
  ]

  static override args = {
    source: Args.string({description: 'Who connects.'}),
    destination: Args.string({description: 'What is dialled, with its port.'}),
  }

  static override flags = traceFlags

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Trace)
    // What cannot be asked is said before a cluster is.
    const question = questionOf(args, flags)
    const source = await sourceFrom(flags, {
      version: this.config.version,
      warn: (warning) => this.warn(warning),
      progress: (line) => this.progress(line),
      cancelSignal: () => this.cancelSignal(),
    })
    try {
      return await this.ask(source, {question, flags})
    } finally {
      await source.close()
    }
  }

  private async ask(source: TraceSource, {question, flags}: Asked): Promise<object> {
    const options: TraceOptions = {namespace: flags.namespace, limits: limitsOf(flags), pins: pinsOf(flags), reverse: flags.reverse}
    if (question === undefined) return this.answerAll(source, {options, path: flags.batch ?? '-'})
    const trace = await source.answer(question, options)
    await this.print(
      await renderTrace(trace, {...this.look(flags), format: flags.output, verbose: flags.verbose, evidence: flags.evidence}),
    )
    // The other formats print them.
    if (flags.output === 'minimal' && !this.jsonEnabled()) for (const warning of trace.warnings) this.warn(warning)
    this.conclude(traceOutlook(trace, flags.expect))
    return Object.fromEntries(Object.entries(traceDocument(trace) ?? {}))
  }

  private async answerAll(source: TraceSource, {options, path}: {readonly options: TraceOptions; readonly path: string}): Promise<object> {
    const answer = (question: Question): Promise<Result> => source.answer(question, options)
    const answers = await answerBatch({lines: batchLines(path), read: readQuestion, answer}, (each) => this.print(renderBatchLine(each)))
    process.exitCode = batchExitCode(answers)
    return {answers: answers.map(batchDocument)}
  }
}

interface Asked {
  readonly question: Question | undefined
  readonly flags: TraceFlags & {readonly width?: number | undefined}
}
