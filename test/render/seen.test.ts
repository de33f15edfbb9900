import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, it, test} from 'vitest'
import {traceQuestion} from '../../src/app/trace.js'
import type {Answer} from '../../src/flow/forwarder.js'
import {NOTHING} from '../../src/flow/share.js'
import type {Trace} from '../../src/flow/trace.js'
import {outlookOf} from '../../src/flow/verdict.js'
import {clientAnswers} from '../../src/render/seen.js'
import {renderTree} from '../../src/render/tree.js'
import {wholepathInput, wholepathObserved} from '../conformance/layers/wholepath-case.js'
import {openScenario, questionOf} from '../conformance/layers/wholepath.js'
import {oracleRoot} from '../conformance/oracle-path.js'
import {readCases} from '../conformance/recorded-cases.js'
import {captured, dialled, hbone, hop, outcome, places, SLEEP, socket, to, trace} from './trace-builders.js'

const scratch = mkdtempSync(join(tmpdir(), 'ambientctl-seen-'))
afterAll(() => {
  rmSync(scratch, {recursive: true})
})

describe('what recorded clients saw of a failure', () => {
  it.each([
    {scenario: 'orchard', atLeast: 12},
    {scenario: 'policies', atLeast: 15},
    {scenario: 'bookinfo-waypoint', atLeast: 8},
    {scenario: 'cross-namespace-and-serviceentry', atLeast: 5},
  ])('$scenario', {timeout: 60_000}, async ({scenario, atLeast}) => {
    const scenarioDir = join(oracleRoot(), 'wholepath', scenario)
    const mesh = await openScenario(scenarioDir, join(scratch, scenario))
    const judged: {readonly id: string; readonly predicted: readonly string[]; readonly seen: string}[] = []
    for (const {id, input, observed} of readCases(join(scenarioDir, 'cases.json'))) {
      const answered = await traceQuestion(mesh, {question: questionOf(wholepathInput.parse(input))})
      const {client} = wholepathObserved.parse(observed)
      const seen = client.status === undefined ? client.result : String(client.status)
      if (isFailure(answered)) judged.push({id, predicted: textsOf(answered), seen})
    }
    expect(judged.length).toBeGreaterThanOrEqual(atLeast)
    expect(judged.filter(({predicted, seen}) => !predicted.includes(WORDS.get(seen) ?? seen))).toEqual([])
  })
})

/** \`closed\` and \`reset\` are the same outcome (README of the layer). */
const WORDS: ReadonlyMap<string, string> = new Map([['reset', 'closed']])

/** Every way ends badly, so that the client saw one of these. */
function isFailure({verdict, outcomes}: Trace): boolean {
  const reached = Object.values(outcomes).filter(({share}) => share.numerator > 0n)
  return outlookOf(verdict) === 'negative' && reached.every((one) => outlookOf(one.verdict) === 'negative')
}

function textsOf(answered: Trace): readonly string[] {
  return [...clientAnswers(answered).values()].flat().map(textOf)
}

function textOf(answer: Answer): string {
  switch (answer.kind) {
    case 'http':
      return String(answer.status)
    case 'closed':
      return answer.accepted ? 'closed' : 'connect_failed'
    case 'timeout':
      return 'connect_timeout'
    default:
      return answer.kind
  }
}

const tunnel = {entry: socket('10.4.3.10', 15_008), payload: hbone({authority: '10.8.4.226:9080', identity: SLEEP})}
const refused = outcome({
  id: 'o1',
  place: places.ztunnelB,
  verdict: {kind: 'denied', layer: 'l4', reason: 'no'},
  answer: {kind: 'http', status: 401},
})

test('a tunnel that is refused closes the connection that should go through it', () => {
  const denied = trace({
    hops: [
      hop({id: 'h1', place: places.sleep, arrival: dialled, next: 'h2'}),
      hop({id: 'h2', place: places.ztunnelA, arrival: captured, next: 'h3'}),
      hop({id: 'h3', place: places.ztunnelB, arrival: tunnel, next: 'o1'}),
    ],
    outcomes: [refused],
    verdict: refused.verdict,
  })
  expect(clientAnswers(denied).get('o1')).toEqual([{kind: 'closed', accepted: true}])
})

test('the end of a call of its own that a proxy makes is none of the connection', () => {
  const calling = trace({
    hops: [
      hop({id: 'h1', place: places.waypoint, arrival: dialled, next: [to('o2', {calls: ['h2']})]}),
      hop({id: 'h2', place: places.ztunnelB, arrival: tunnel, next: 'o1'}),
    ],
    outcomes: [{...refused, share: NOTHING}, outcome({id: 'o2', place: places.productpage})],
  })
  expect([...clientAnswers(calling).keys()]).toEqual(['o2'])
  expect(renderTree(calling, {width: 100})).not.toContain('DENIED')
})
