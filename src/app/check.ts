import {dirname, isAbsolute, join} from 'node:path'
import {readCheckFile, type Check, type CheckSources, type Goldens} from '../audit/check-file.js'
import {checkTrace} from '../audit/check.js'
import type {Finding} from '../audit/expectation.js'
import {isExpectedError} from '../flow/errors.js'
import type {Question, Trace} from '../flow/trace.js'
import type {Missing, Outlook} from '../flow/verdict.js'
import {compareGolden, type GoldenForm, type TextFiles} from './check-golden.js'
import {commandFor} from './check-command.js'

/** Answers a question from a source; rejects with a UsageError for a name that does not resolve. */
export type Ask = (question: Question, sources: CheckSources) => Promise<Trace>

export interface CheckOptions {
  readonly files: readonly string[]
  /** From flags: stands in for the sources that the files name. */
  readonly sources?: CheckSources
  readonly ask: Ask
  readonly texts: TextFiles
  /** How a trace looks in each golden form. */
  readonly forms: Readonly<Record<keyof Goldens, GoldenForm>>
  /** Writes goldens instead of comparing with them. */
  readonly update?: boolean
}

export interface CheckReport {
  readonly schemaVersion: 'ambientctl.check/1'
  readonly results: readonly CheckResult[]
  readonly counts: Readonly<Record<CheckStatus, number>>
  readonly outlook: Outlook
  /** Golden files that were written. */
  readonly updated: readonly string[]
}

export type CheckStatus = 'ok' | 'failed' | 'undetermined'

export interface CheckResult {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly status: CheckStatus
  readonly findings: readonly Finding[]
  /** What keeps an undetermined assertion from being told. */
  readonly missing: readonly Missing[]
  /** The command that shows the trace. */
  readonly command: readonly string[]
}

/**
 * Asks every question of the check files, in their order, and compares the answers with what is expected.
 * @throws InputError for a check file that cannot be read; before any question is asked.
 */
export async function runCheck(options: CheckOptions): Promise<CheckReport> {
  const checks: Check[] = []
  for (const file of options.files) checks.push(...readCheckFile({file, text: await options.texts.read(file)}))
  const outcomes: Outcome[] = []
  for (const check of checks) outcomes.push(await runOne(check, options))
  return reportOf(outcomes)
}

interface Outcome {
  readonly result: CheckResult
  readonly updated: readonly string[]
}

async function runOne(check: Check, options: CheckOptions): Promise<Outcome> {
  const sources = sourcesOf(check, options)
  const answer = await answerOf(check, {sources, ask: options.ask})
  if ('finding' in answer) return {result: resultOf({check, sources, findings: [answer.finding], missing: []}), updated: []}
  const {trace} = answer
  const goldens = await compareGoldens({check, trace}, options)
  const findings = [...checkTrace(trace, check.expectation), ...goldens.findings]
  return {result: resultOf({check, sources, findings, missing: missingOf(trace)}), updated: goldens.updated}
}

/** A question that cannot be asked fails its check, not the run: the other checks are worth their answers. */
async function answerOf(check: Check, {sources, ask}: {sources: CheckSources; ask: Ask}): Promise<{trace: Trace} | {finding: Finding}> {
  try {
    return {trace: await ask(check.question, sources)}
  } catch (thrown) {
    if (!isExpectedError(thrown) || thrown.family !== 'usage') throw thrown
    const got = [thrown.message, ...(thrown.help === undefined ? [] : [thrown.help])].join(' ')
    return {finding: {aspect: 'question', status: 'failed', expected: 'a question that can be asked', got}}
  }
}

async function compareGoldens(
  {check, trace}: {check: Check; trace: Trace},
  {texts, forms, update}: CheckOptions,
): Promise<{findings: readonly Finding[]; updated: readonly string[]}> {
  const findings: Finding[] = []
  const updated: string[] = []
  for (const kind of ['minimal', 'json'] as const) {
    const golden = check.goldens[kind]
    if (golden === undefined) continue
    const compared = await compareGolden({
      file: besideFile(golden, check.file),
      text: `${forms[kind](trace)}\n`,
      texts,
      update: update ?? false,
    })
    findings.push(...compared.findings)
    updated.push(...compared.updated)
  }
  return {findings, updated}
}

function resultOf({
  check,
  sources,
  findings,
  missing,
}: {
  check: Check
  sources: CheckSources
  findings: readonly Finding[]
  missing: readonly Missing[]
}): CheckResult {
  const {name, file, line, question} = check
  const status = statusOf(findings)
  return {name, file, line, status, findings, missing: status === 'undetermined' ? missing : [], command: commandFor(question, sources)}
}

function statusOf(findings: readonly Finding[]): CheckStatus {
  if (findings.length === 0) return 'ok'
  return findings.some(({status}) => status === 'failed') ? 'failed' : 'undetermined'
}

function missingOf({missing, outcomes}: Trace): readonly Missing[] {
  const ends = Object.values(outcomes).flatMap(({verdict}) => (verdict.kind === 'undetermined' ? verdict.missing : []))
  return [...new Map([...missing, ...ends].map((each) => [JSON.stringify([each.what, each.collect ?? '']), each])).values()]
}

function sourcesOf({sources, file}: Check, {sources: given}: CheckOptions): CheckSources {
  const isGiven = given !== undefined && (given.paths.length > 0 || given.files.length > 0 || given.demo !== undefined)
  if (isGiven) return {...withoutPlaces(sources), ...given}
  const beside = {
    ...sources,
    paths: sources.paths.map((path) => namedBesideFile(path, file)),
    files: sources.files.map((path) => besideFile(path, file)),
  }
  return given?.namespace === undefined ? beside : {...beside, namespace: given.namespace}
}

function withoutPlaces({namespace, envoyVersion}: CheckSources): Partial<CheckSources> {
  return {...(namespace === undefined ? {} : {namespace}), ...(envoyVersion === undefined ? {} : {envoyVersion})}
}

/** `NAME=PATH` names the cluster of a snapshot. */
function namedBesideFile(text: string, file: string): string {
  const [, name = '', path = text] = /^([\w.-]+=)(.+)$/.exec(text) ?? []
  return `${name}${besideFile(path, file)}`
}

function besideFile(path: string, file: string): string {
  return isAbsolute(path) || path === '-' ? path : join(dirname(file), path)
}

function reportOf(outcomes: readonly Outcome[]): CheckReport {
  const results = outcomes.map(({result}) => result)
  const count = (status: CheckStatus): number => results.filter((result) => result.status === status).length
  const counts = {ok: count('ok'), failed: count('failed'), undetermined: count('undetermined')}
  const outlook = counts.failed > 0 ? 'negative' : counts.undetermined > 0 ? 'undetermined' : 'positive'
  return {schemaVersion: 'ambientctl.check/1', results, counts, outlook, updated: outcomes.flatMap(({updated}) => updated)}
}
