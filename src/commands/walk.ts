import {Args} from '@oclif/core'
import {answerBatch, batchExitCode} from '../app/batch.js'
import type {Mesh} from '../app/mesh.js'
import {openSources} from '../app/open.js'
import {readWalkQuestion, walkQuestionFrom} from '../app/question-input.js'
import {walkProxy} from '../app/walk.js'
import type {WalkQuestion} from '../app/walk-arrival.js'
import type {Trace} from '../flow/trace.js'
import {batchDocument, renderBatchLine} from '../render/batch-line.js'
import {renderTrace} from '../render/render-trace.js'
import {traceDocument} from '../render/trace-json.js'
import {batchLines} from '../snapshot/batch-lines.js'
import {BaseCommand} from './base.js'
import {limitsOf, meshOptionsOf, outlookFor, requestFlags, sourceFlags, sourcesOf, traceOutputFlags, walkFlags} from './flags.js'

/** What one proxy does with a connection. */
export class Walk extends BaseCommand {
  static override summary = 'Show what one proxy does with a connection.'
  static override description = `PROXY is a pod, namespace/pod, or a name given with --file; a unique
beginning is enough. The walk follows the internal listeners of the proxy and
ends where the connection leaves it.`

  static override examples = [
    '<%= config.bin %> walk ztunnel --port 15001 --src 10.4.2.19 --dst 10.8.4.226:9080',
    '<%= config.bin %> walk waypoint --port 15008 --identity spiffe://td/ns/a/sa/b',
    '<%= config.bin %> walk waypoint --batch questions.ndjson -f waypoint.json',
  ]

  static override args = {proxy: Args.string({description: 'The proxy.'})}

  static override flags = {
    ...sourceFlags,
    ...walkFlags,
    ...requestFlags,
    ...traceOutputFlags,
  }

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Walk)
    const mesh = await openSources(sourcesOf(flags), {...meshOptionsOf(flags), inferNames: false})
    for (const warning of mesh.snapshot.warnings) this.warn(warning)
    const limits = limitsOf(flags)
    if (flags.batch !== undefined) return this.answerAll(mesh, {path: flags.batch, limits, proxy: args.proxy})
    const {src: source, dst: destination, header: headers, ...rest} = flags
    const {listener, port, identity, alpn, authority, inner, method, path, sni} = rest
    const request = {identity, alpn, authority, inner, method, path, sni, headers}
    const question = walkQuestionFrom({proxy: args.proxy, listener, port, source, destination, ...request})
    const trace = await walkProxy(mesh, {question, limits})
    await this.print(
      await renderTrace(trace, {...this.look(flags), format: flags.output, verbose: flags.verbose, evidence: flags.evidence}),
    )
    this.conclude(outlookFor(trace.verdict, flags.expect))
    mesh.snapshot.close()
    return Object.fromEntries(Object.entries(traceDocument(trace) ?? {}))
  }

  private async answerAll(mesh: Mesh, {path, limits, proxy}: BatchInput): Promise<object> {
    const read = (value: unknown): WalkQuestion => readWalkQuestion(value, proxy)
    const answer = (question: WalkQuestion): Promise<Trace> => walkProxy(mesh, {question, limits})
    const answers = await answerBatch({lines: batchLines(path), read, answer}, (each) => this.print(renderBatchLine(each)))
    process.exitCode = batchExitCode(answers)
    mesh.snapshot.close()
    return {answers: answers.map(batchDocument)}
  }
}

interface BatchInput {
  readonly path: string
  readonly limits: ReturnType<typeof limitsOf>
  readonly proxy: string | undefined
}
