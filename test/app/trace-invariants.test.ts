import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {beforeAll, describe, expect, it} from 'vitest'
import {openMesh, type Mesh} from '../../src/app/mesh.js'
import {openSources} from '../../src/app/open.js'
import {traceQuestion} from '../../src/app/trace.js'
import {isExpectedError} from '../../src/flow/errors.js'
import {addShares, formatShare, isWhole, NOTHING, type Share} from '../../src/flow/share.js'
import type {Evidence} from '../../src/flow/step.js'
import type {Question, Trace} from '../../src/flow/trace.js'
import {outlookOf} from '../../src/flow/verdict.js'
import {toJson, traceDocument} from '../../src/render/trace-json.js'
import {traceSchema} from '../../src/render/trace-schema.js'
import {resolvePointer} from './resolve-pointer.js'
import {SCENARIOS, scenarioDir} from './scenario.js'

/** Every pod to every TCP port of every service, on real dumps. */
describe.each(SCENARIOS)('traces of %s', (scenario) => {
  const traces: Trace[] = []
  let directory = ''
  let mesh: Mesh

  beforeAll(async () => {
    directory = scenarioDir(scenario)
    mesh = await openSources({paths: [directory]})
    for (const question of allQuestions(mesh)) {
      try {
        traces.push(await traceQuestion(mesh, {question}))
      } catch (thrown) {
        if (!isExpectedError(thrown)) throw thrown
      }
    }
  }, 120_000)

  it('answers nearly every question', () => {
    expect(traces.length / allQuestions(mesh).length).toBeGreaterThan(0.85)
  })

  it('has outcomes whose shares add up to one', () => {
    const sums = traces.map((trace) => ({question: trace.question, sum: total(Object.values(trace.outcomes).map(({share}) => share))}))
    expect(sums.filter(({sum}) => !isWhole(sum)).map(({question, sum}) => ({question, sum: formatShare(sum)}))).toEqual([])
  })

  it('splits each hop into shares that add up to one', () => {
    const hops = traces.flatMap((trace) => Object.values(trace.hops).map((hop) => ({question: trace.question, hop})))
    const split = hops.map(({question, hop}) => ({
      question,
      hop: hop.id,
      sum: total(hop.next.filter(({mirror}) => mirror !== true).map(({share}) => share)),
    }))
    expect(split.filter(({sum}) => !isWhole(sum)).map(({question, hop, sum}) => ({question, hop, sum: formatShare(sum)}))).toEqual([])
  })

  it('ends every branch at a hop or an outcome, and reaches every hop', () => {
    for (const {start, hops, outcomes} of traces) {
      const targets = new Set([
        start,
        ...Object.values(hops).flatMap(({next}) =>
          next.flatMap(({to, opened, calls = []}) => [to, ...(opened === undefined ? [] : [opened]), ...calls]),
        ),
      ])
      expect([...targets].filter((id) => !Object.hasOwn(hops, id) && !Object.hasOwn(outcomes, id))).toEqual([])
      expect([...Object.keys(hops), ...Object.keys(outcomes)].filter((id) => !targets.has(id))).toEqual([])
    }
  })

  it('has the verdict of its worst outcome', () => {
    for (const trace of traces) {
      const reached = Object.values(trace.outcomes)
        .filter(({share}) => share.numerator > 0n)
        .map(({verdict}) => outlookOf(verdict))
      expect(outlookOf(trace.verdict)).toBe(
        ['negative', 'undetermined', 'positive'].find((outlook) => reached.some((each) => each === outlook)),
      )
    }
  })

  it('fits the published schema', () => {
    for (const trace of traces.filter((_, index) => index % 5 === 0)) {
      expect(traceSchema.safeParse(traceDocument(trace)).error).toBeUndefined()
    }
  })

  it('points to places that exist', () => {
    const files = new Map<string, unknown>()
    const broken = new Set<string>()
    for (const {dump, pointer} of traces.flatMap(evidenceOf)) {
      const document: unknown = files.get(dump) ?? JSON.parse(readFileSync(join(directory, dump), 'utf8'))
      files.set(dump, document)
      if (resolvePointer(document, pointer) === undefined) broken.add(`${dump}#${pointer}`)
    }
    expect([...broken]).toEqual([])
    expect(files.size).toBeGreaterThan(2)
  })

  it('says the same whatever the order of the files', async () => {
    const {snapshot} = await openSources({paths: [directory]})
    const shuffled = await openMesh({...snapshot, proxies: snapshot.proxies.toReversed()})
    for (const trace of traces.filter((_, index) => index % 17 === 0)) {
      expect(toJson(await traceQuestion(shuffled, {question: trace.question}))).toBe(toJson(trace))
    }
  })
})

function allQuestions({directory}: Mesh): Question[] {
  return directory.workloads.flatMap((workload) =>
    directory.services.flatMap((service) =>
      service.ports
        .filter(({protocol}) => protocol === 'TCP')
        .map(({port}) => ({
          source: `${workload.namespace}/${workload.name}`,
          destination: `${service.host}:${port}`,
        })),
    ),
  )
}

function evidenceOf(trace: Trace): Evidence[] {
  return Object.values(trace.hops)
    .flatMap(({steps, next}) => [...steps, ...next.flatMap((branch) => branch.steps)])
    .flatMap(({evidence}) => evidence)
}

function total(shares: readonly Share[]): Share {
  return shares.reduce(addShares, NOTHING)
}
