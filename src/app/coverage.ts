import {EXIT_CODES, type ExitCode} from '../flow/exit-code.js'
import {traceOutlook} from '../flow/trace.js'
import type {VerdictKind} from '../flow/verdict.js'
import {compareText} from '../flow/compare-text.js'
import type {BatchAnswer} from './batch.js'
import {COVERAGE_KINDS, ENVOY_KINDS, type Coverable, type CoverageKind} from './coverage-kinds.js'
import {coverableProxy, type CoverableProxy} from './coverage-proxies.js'
import {Touched} from './coverage-touched.js'
import type {Mesh} from './mesh.js'

/** Which resources of proxies a batch of questions touched. */
export interface Coverage {
  readonly schemaVersion: 'ambientctl.coverage/1'
  readonly questions: CoverageQuestions
  readonly total: CoverageCount
  readonly kinds: readonly CoverageSum[]
  readonly proxies: readonly ProxyCoverage[]
}

/** What was asked, how it ended, and how much could not be answered. */
export interface CoverageQuestions {
  readonly total: number
  readonly verdicts: Readonly<Record<string, number>>
  readonly failed: number
  /** Answers that make the exit code other than 0: neither positive nor as expected. */
  readonly unwished: readonly UnwishedAnswer[]
}

export interface UnwishedAnswer {
  /** Line of the batch. */
  readonly line: number
  /** The verdict, or why there is none. */
  readonly got: string
  readonly expected?: VerdictKind
}

export interface CoverageCount {
  readonly total: number
  readonly touched: number
  /** Rounded down to one decimal, so that 100 means all; null when there is nothing to touch. */
  readonly percent: number | null
}

export interface CoverageSum extends CoverageCount {
  readonly kind: CoverageKind
}

export interface ProxyCoverage {
  readonly proxy: string
  readonly dump: string
  readonly kinds: readonly KindCoverage[]
}

export interface KindCoverage extends CoverageSum {
  readonly untouched: readonly Untouched[]
}

export interface Untouched {
  readonly name: string
  readonly match?: string
  /** Where it stands in the dump; absent of a cluster. */
  readonly pointer?: string
}

/** `--fail-under`: the percentage all kinds together, or one kind, must reach. */
export interface CoverageGoal {
  readonly kind?: CoverageKind
  readonly percent: number
}

/** Collects what a batch touches while its answers come in: traces need not be kept. */
export class CoverageCollector {
  readonly #touched = new Touched()
  readonly #verdicts = new Map<VerdictKind, number>()
  readonly #proxies = new Set<string>()
  readonly #unwished: UnwishedAnswer[] = []
  #failed = 0

  /** A proxy that is asked, as the question calls it. */
  addProxy(name: string): void {
    this.#proxies.add(name)
  }

  add(answer: BatchAnswer): void {
    if (answer.kind === 'failure') {
      this.#failed += 1
      this.#unwished.push({line: answer.line, got: answer.failure.message})
      return
    }
    const {line, trace, expected} = answer
    const {kind} = trace.verdict
    this.#verdicts.set(kind, (this.#verdicts.get(kind) ?? 0) + 1)
    this.#touched.add(trace)
    const isWished = traceOutlook(trace, expected) === 'positive'
    if (!isWished) this.#unwished.push({line, got: kind, ...(expected === undefined ? {} : {expected})})
  }

  /** The coverage of all proxies that were asked and have a dump that can be used. */
  async finish(mesh: Mesh | undefined): Promise<Coverage> {
    const known = new Map<string, CoverableProxy>()
    for (const name of this.#proxies) {
      const proxy = mesh && (await coverableProxy(mesh, name))
      if (proxy !== undefined) known.set(proxy.dump, proxy)
    }
    const proxies = [...known.values()].map((each) => this.#coverageOf(each)).toSorted((a, b) => compareText(a.dump, b.dump))
    const kinds = kindsOf([...known.values()]).map((kind) => ({kind, ...sum(proxies.flatMap((each) => each.kinds.filter(isOf(kind))))}))
    return {schemaVersion: 'ambientctl.coverage/1', questions: this.#questions(), total: sum(kinds), kinds, proxies}
  }

  #coverageOf({proxy, dump, kinds, resources}: CoverableProxy): ProxyCoverage {
    const isTouched = ({kind, name, pointers}: Coverable): boolean =>
      kind === 'clusters' ? this.#touched.hasCluster(dump, name) : pointers.some((one) => this.#touched.hasPointer(dump, one))
    return {proxy, dump, kinds: kinds.map((kind) => kindCoverage(kind, {of: resources.filter(isOf(kind)), isTouched}))}
  }

  #questions(): CoverageQuestions {
    const verdicts = [...this.#verdicts].toSorted(([a], [b]) => compareText(a, b))
    const answered = verdicts.reduce((total, [, count]) => total + count, 0)
    return {total: answered + this.#failed, verdicts: Object.fromEntries(verdicts), failed: this.#failed, unwished: this.#unwished}
  }
}

/** Goals that were not reached. One that counts nothing is not reached either: a dump without routes must not pass for tested routes. */
export function missedGoals({total, kinds}: Coverage, goals: readonly CoverageGoal[]): readonly CoverageGoal[] {
  return goals.filter(({kind, percent}) => {
    const count = kind === undefined ? total : kinds.find((each) => each.kind === kind)
    const reached = count?.percent ?? undefined
    return reached === undefined || reached < percent
  })
}

/** A goal that was missed is a negative result; a line that failed weighs more. */
export function coverageExitCode(code: ExitCode, missed: readonly CoverageGoal[]): ExitCode {
  return missed.length > 0 && code <= EXIT_CODES.undetermined ? EXIT_CODES.negative : code
}

/** Those that one of the proxies can have; without a proxy those of an Envoy. */
function kindsOf(proxies: readonly CoverableProxy[]): readonly CoverageKind[] {
  const possible = new Set(proxies.length === 0 ? ENVOY_KINDS : proxies.flatMap(({kinds}) => kinds))
  return COVERAGE_KINDS.filter((kind) => possible.has(kind))
}

function isOf(wanted: CoverageKind): (one: {readonly kind: CoverageKind}) => boolean {
  return ({kind}) => kind === wanted
}

interface Judged {
  readonly of: readonly Coverable[]
  readonly isTouched: (resource: Coverable) => boolean
}

function kindCoverage(kind: CoverageKind, {of, isTouched}: Judged): KindCoverage {
  const untouched = of.filter((resource) => !isTouched(resource)).map(describeUntouched)
  const sorted = untouched.toSorted((a, b) => compareText(a.name, b.name) || compareText(a.pointer ?? '', b.pointer ?? ''))
  return {kind, ...countOf(of.length, of.length - untouched.length), untouched: sorted}
}

function describeUntouched({name, match, pointers: [pointer]}: Coverable): Untouched {
  return {name, ...(match === undefined ? {} : {match}), ...(pointer === undefined ? {} : {pointer})}
}

function sum(counts: readonly CoverageCount[]): CoverageCount {
  const add = (of: 'total' | 'touched'): number => counts.reduce((result, count) => result + count[of], 0)
  return countOf(add('total'), add('touched'))
}

function countOf(total: number, touched: number): CoverageCount {
  return {total, touched, percent: total === 0 ? null : Math.floor((touched * 1000) / total) / 10}
}
