import {Args, type Interfaces} from '@oclif/core'
import {answerBatch, batchExitCode, type BatchAnswer} from '../app/batch.js'
import {CoverageCollector, coverageExitCode, missedGoals} from '../app/coverage.js'
import type {Mesh} from '../app/mesh.js'
import {openSources} from '../app/open.js'
import {readWalkQuestion, walkQuestionFrom} from '../app/question-input.js'
import {walkProxy, type WalkOptions} from '../app/walk.js'
import type {WalkQuestion} from '../app/walk-arrival.js'
import type {Trace} from '../flow/trace.js'
import {renderBatchLine} from '../render/batch-line.js'
import {answersDocument, renderCoverageAs} from '../render/coverage-document.js'
import {renderTrace} from '../render/render-trace.js'
import {batchLines} from '../snapshot/batch-lines.js'
import {BaseCommand} from './base.js'
import {coverageFlags, limitsOf, meshOptionsOf, requestFlags, sourceFlags, sourcesOf, traceOutputFlags, walkFlags} from './flags.js'

/** What one proxy does with a connection. */
export class Walk extends BaseCommand {
  static override summary = 'Show what one proxy does with a connection.'
  static override description = `PROXY is a pod, namespace/pod, or a name given with --file; a unique
beginning is enough. The walk follows the internal listeners of the proxy and
ends where the connection leaves it: what the next one does is not part of it.
A Rust ztunnel is asked at port 15001 or 15006 with --src and --dst, at 15008
with --src, --identity and --authority.
--coverage tells what of the proxy the questions touched, and what not.`

  static override examples = [
    '<%= config.bin %> walk ztunnel --port 15001 --src 10.4.2.19 --dst 10.8.4.226:9080',
    '<%= config.bin %> walk ztunnel --port 15006 --src 10.4.2.19 --dst 10.4.2.7:9080',
    '<%= config.bin %> walk waypoint --port 15008 --identity spiffe://td/ns/a/sa/b',
    '<%= config.bin %> walk waypoint --batch questions.ndjson -f waypoint.json',
    '<%= config.bin %> walk gateway --batch asked.ndjson --coverage --fail-under routes=80',
  ]

  static override args = {proxy: Args.string({description: 'The proxy.'})}

  static override flags = {
    ...sourceFlags,
    ...walkFlags,
    ...requestFlags,
    ...traceOutputFlags,
    ...coverageFlags,
  }

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Walk)
    const mesh = await openSources(sourcesOf(flags), {...meshOptionsOf(flags), inferNames: false})
    for (const warning of mesh.snapshot.warnings) this.warn(warning)
    const goals = flags['fail-under'] ?? []
    const collector = flags.coverage || goals.length > 0 ? new CoverageCollector() : undefined
    const asking = {mesh, flags, proxy: args.proxy, collector}
    const answers = flags.batch === undefined ? [await this.answerOne(asking)] : await this.answerAll(asking, flags.batch)
    const coverage = await collector?.finish(mesh)
    mesh.snapshot.close()
    const missed = coverage === undefined ? [] : missedGoals(coverage, goals)
    process.exitCode = coverageExitCode(batchExitCode(answers), missed)
    if (coverage !== undefined) {
      await this.print(renderCoverageAs(flags.output, {coverage, missed, look: {...this.look(flags), verbose: flags.verbose}}))
    }
    return answersDocument(answers, {isBatch: flags.batch !== undefined, coverage})
  }

  private async answerOne({mesh, flags, proxy, collector}: Asking): Promise<BatchAnswer> {
    const {src: source, dst: destination, header: headers, expect: expected} = flags
    const {listener, port, identity, alpn, authority, inner, method, path, sni} = flags
    const request = {identity, alpn, authority, inner, method, path, sni, headers}
    const question = walkQuestionFrom({proxy, listener, port, source, destination, ...request})
    const trace = await walkProxy(mesh, {question, ...walkOptionsOf(flags)})
    const answer = {kind: 'trace' as const, line: 1, trace, ...(expected === undefined ? {} : {expected})}
    collector?.addProxy(question.proxy)
    collector?.add(answer)
    const {output, verbose, evidence} = flags
    const isLine = collector !== undefined && output === 'json'
    const look = {...this.look(flags), format: output, verbose, evidence}
    await this.print(isLine ? renderBatchLine(answer) : await renderTrace(trace, look))
    if (collector !== undefined && output === 'tree') await this.print('')
    return answer
  }

  private async answerAll({mesh, flags, proxy, collector}: Asking, path: string): Promise<readonly BatchAnswer[]> {
    const options = walkOptionsOf(flags)
    const batch = {
      lines: batchLines(path),
      read: (value: unknown): WalkQuestion => {
        const question = readWalkQuestion(value, proxy)
        collector?.addProxy(question.proxy)
        return question
      },
      answer: (question: WalkQuestion): Promise<Trace> => walkProxy(mesh, {question, ...options}),
      expected: ({expect}: WalkQuestion) => expect,
    }
    return answerBatch(batch, async (answer) => {
      collector?.add(answer)
      if (collector === undefined || flags.output === 'json') await this.print(renderBatchLine(answer))
    })
  }
}

interface Asking {
  readonly mesh: Mesh
  readonly flags: WalkFlags
  readonly proxy: string | undefined
  readonly collector: CoverageCollector | undefined
}

function walkOptionsOf(flags: WalkFlags): Omit<WalkOptions, 'question'> {
  const ztunnelMinor = flags['ztunnel-version']
  return {limits: limitsOf(flags), ...(ztunnelMinor === undefined ? {} : {ztunnelMinor})}
}

type WalkFlags = Interfaces.InferredFlags<typeof Walk.flags & typeof Walk.baseFlags>
