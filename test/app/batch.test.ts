import {Readable} from 'node:stream'
import {describe, expect, it} from 'vitest'
import {answerBatch, batchExitCode, type BatchAnswer} from '../../src/app/batch.js'
import {questionFrom, readQuestion, readWalkQuestion, walkQuestionFrom} from '../../src/app/question-input.js'
import {UsageError} from '../../src/flow/errors.js'
import type {Question, Trace} from '../../src/flow/trace.js'
import {WHOLE} from '../../src/flow/share.js'
import type {Verdict} from '../../src/flow/verdict.js'

const DELIVERED: Verdict = {kind: 'delivered'}
const DENIED: Verdict = {kind: 'denied', layer: 'l4', reason: 'test'}
const UNKNOWN: Verdict = {kind: 'undetermined', missing: []}

async function answers(lines: readonly string[], answer: (question: Question) => Promise<Trace>): Promise<readonly BatchAnswer[]> {
  const handed: BatchAnswer[] = []
  const all = await answerBatch({lines: Readable.from(lines), read: readQuestion, answer}, (each) => {
    handed.push(each)
    return Promise.resolve()
  })
  expect(handed).toEqual(all)
  return all
}

describe('answerBatch', () => {
  it('answers in order, counts empty lines, and goes on after a line that is no question', async () => {
    const lines = [
      '{"source":"a","destination":"b"}',
      '',
      'nonsense',
      '{"source":"a"}',
      '{"source":"a","destination":"b","spelt":1}',
      '{"source":"c","destination":"d"}',
    ]
    const all = await answers(lines, (question) => Promise.resolve(traceOf(question, DELIVERED)))
    expect(all.map((each) => [each.line, each.kind, each.kind === 'failure' ? each.failure.exitCode : each.trace.question.source])).toEqual(
      [
        [1, 'trace', 'a'],
        [3, 'failure', 65],
        [4, 'failure', 65],
        [5, 'failure', 65],
        [6, 'trace', 'c'],
      ],
    )
  })

  it('keeps an expected failure to its line, and lets a bug through', async () => {
    const line = '{"source":"a","destination":"b"}'
    const refused = await answers([line], () => Promise.reject(new UsageError({what: 'no such name'})))
    expect(refused).toMatchObject([{failure: {kind: 'usage', message: 'no such name', exitCode: 64}}])
    await expect(answers([line], () => Promise.reject(new TypeError('broken')))).rejects.toThrow('broken')
  })
})

describe('batchExitCode', () => {
  const traced = (verdict: Verdict): BatchAnswer => ({kind: 'trace', line: 1, trace: traceOf({source: 'a', destination: 'b'}, verdict)})
  const failed: BatchAnswer = {kind: 'failure', line: 2, failure: {kind: 'usage', message: '', exitCode: 64}}

  it.each([
    {what: 'nothing', given: [], code: 0},
    {what: 'all delivered', given: [traced(DELIVERED), traced(DELIVERED)], code: 0},
    {what: 'one undetermined', given: [traced(DELIVERED), traced(UNKNOWN)], code: 2},
    {what: 'one denied, one undetermined', given: [traced(UNKNOWN), traced(DENIED)], code: 1},
    {what: 'a line that failed', given: [traced(DENIED), failed], code: 64},
  ])('is $code for $what', ({given, code}) => {
    expect(batchExitCode(given)).toBe(code)
  })
})

describe('questions', () => {
  it('leaves out what a command line did not say', () => {
    expect(questionFrom({source: 'a', destination: 'b', method: undefined, headers: [['x', 'y']]})).toEqual({
      source: 'a',
      destination: 'b',
      headers: [['x', 'y']],
    })
    expect(walkQuestionFrom({proxy: 'p', port: 1, listener: undefined})).toEqual({proxy: 'p', port: 1})
  })

  it('needs its arguments', () => {
    expect(() => questionFrom({source: 'a', destination: undefined})).toThrow(UsageError)
    expect(() => walkQuestionFrom({proxy: undefined})).toThrow(UsageError)
  })

  it('lets a line of a walk leave the proxy to the command line', () => {
    expect(readWalkQuestion({port: 1}, 'p')).toEqual({proxy: 'p', port: 1})
    expect(readWalkQuestion({port: 1, proxy: 'q'}, 'p')).toEqual({proxy: 'q', port: 1})
    expect(() => readWalkQuestion({port: 1})).toThrow('proxy')
    expect(() => readWalkQuestion({proxy: 'p', source: {ip: 'x', port: 1}})).toThrow('source')
  })
})

function traceOf(question: Question, verdict: Verdict): Trace {
  const peer = {name: 'a', kind: 'address', ip: '10.0.0.1', basis: 'recorded'} as const
  const address = {ip: '10.0.0.1', port: 1}
  const outcome = {id: 'o1', verdict, answer: {kind: 'unknown'}, share: WHOLE, place: {kind: 'app', name: 'a'}} as const
  return {
    schemaVersion: 'ambientctl.trace/1',
    question,
    verdict,
    start: 'o1',
    hops: {},
    outcomes: {o1: outcome},
    missing: [],
    warnings: [],
    flow: {source: peer, destination: peer, connection: {source: address, destination: address}, protocol: 'tcp', clientKind: 'ambient'},
  }
}
