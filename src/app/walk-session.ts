import type {Trace} from '../flow/trace.js'
import type {VerdictKind} from '../flow/verdict.js'
import type {ExitCode} from '../flow/exit-code.js'
import {answerBatch, batchExitCode, type BatchAnswer} from './batch.js'
import {CoverageCollector, coverageExitCode, missedGoals, type Coverage, type CoverageGoal} from './coverage.js'
import {readWalkQuestion} from './question-input.js'
import type {WalkQuestion} from './walk-arrival.js'
import {walkProxy, type WalkOptions} from './walk.js'
import type {WalkSource} from './walk-source.js'

/** What is asked, and what is to be told of the answers. */
export interface WalkSession {
  readonly asked: WalkAsked
  readonly options: Omit<WalkOptions, 'question'>
  /** The coverage to reach; without it coverage is not looked at. */
  readonly goals?: readonly CoverageGoal[] | undefined
  /** Gets each answer as it comes. */
  readonly handOn: (answer: BatchAnswer) => Promise<void>
}

/** One question, or a question per line; lines may leave the proxy to the command line. */
export type WalkAsked =
  | {readonly kind: 'one'; readonly question: WalkQuestion; readonly expected: VerdictKind | undefined}
  | {readonly kind: 'batch'; readonly lines: AsyncIterable<string>; readonly proxy: string | undefined}

export interface WalkResult {
  readonly answers: readonly BatchAnswer[]
  readonly coverage?: Coverage
  /** Goals that the coverage does not reach. */
  readonly missed: readonly CoverageGoal[]
  readonly exitCode: ExitCode
}

/**
 * Asks proxies, and tells, where wished, what of them the answers touched. A line of a batch that cannot be answered gives its failure.
 * @throws UsageError or InputError for a single question that cannot be answered.
 */
export async function runWalk(source: WalkSource, session: WalkSession): Promise<WalkResult> {
  const {goals} = session
  if (goals === undefined) {
    const answers = await ask({source, ...session})
    return {answers, missed: [], exitCode: batchExitCode(answers)}
  }
  const collector = new CoverageCollector()
  const answers = await ask({source, ...session, collector})
  const coverage = await collector.finish(await source.mesh())
  const missed = missedGoals(coverage, goals)
  return {answers, coverage, missed, exitCode: coverageExitCode(batchExitCode(answers), missed)}
}

interface Asking extends WalkSession {
  readonly source: WalkSource
  readonly collector?: CoverageCollector
}

async function ask({source, asked, options, handOn, collector}: Asking): Promise<readonly BatchAnswer[]> {
  const answer = async (question: WalkQuestion): Promise<Trace> => {
    const {mesh, proxy} = await source.find(question.proxy)
    collector?.addProxy(proxy)
    return walkProxy(mesh, {question: {...question, proxy}, ...options})
  }
  const keep = async (one: BatchAnswer): Promise<void> => {
    collector?.add(one)
    await handOn(one)
  }
  if (asked.kind === 'one') return [await answerOne(asked, {answer, keep})]
  const {lines, proxy} = asked
  return answerBatch({lines, read: (value) => readWalkQuestion(value, proxy), answer, expected: ({expect}) => expect}, keep)
}

interface Answering {
  readonly answer: (question: WalkQuestion) => Promise<Trace>
  readonly keep: (answer: BatchAnswer) => Promise<void>
}

async function answerOne({question, expected}: WalkAsked & {readonly kind: 'one'}, {answer, keep}: Answering): Promise<BatchAnswer> {
  const trace = await answer(question)
  const one: BatchAnswer = {kind: 'trace', line: 1, trace, ...(expected === undefined ? {} : {expected})}
  await keep(one)
  return one
}
