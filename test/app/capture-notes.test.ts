import {join} from 'node:path'
import {expect, test} from 'vitest'
import {openSources} from '../../src/app/open.js'
import {traceQuestion} from '../../src/app/trace.js'
import type {Trace} from '../../src/flow/trace.js'
import {FIXTURES} from '../tools/fixtures.js'

const LACKS = 'ambient-worker2: set ztunnel-pods-ips lacks 10.244.2.8 (pod default/sleep-db8386fb45-b640f): what it sends is not captured'

async function traceOf(cluster: string, [source, destination]: readonly [string, string]): Promise<Trace> {
  const mesh = await openSources({paths: [join(FIXTURES, 'clusters', cluster)]})
  try {
    return await traceQuestion(mesh, {question: {source, destination}})
  } finally {
    mesh.snapshot.close()
  }
}

const textsOf = ({findings = []}: Trace): readonly string[] => findings.map(({text}) => text)

test('what the rules of its node have against the client explains its trace first', async () => {
  const trace = await traceOf('kind-bookinfo-rules-without-sleep', ['sleep', 'reviews:9080'])
  expect(textsOf(trace)[0]).toBe(LACKS)
  expect(trace.warnings).not.toContain(LACKS)
})

test('what they have against another pod of that node is a warning', async () => {
  const trace = await traceOf('kind-bookinfo-rules-without-sleep', ['reviews-v2', 'ratings:9080'])
  expect(textsOf(trace)).not.toContain(LACKS)
  expect(trace.warnings).toContain(LACKS)
})

test('nothing is said of rules that are whole', async () => {
  const trace = await traceOf('kind-bookinfo-rules', ['sleep', 'reviews:9080'])
  expect([...textsOf(trace), ...trace.warnings].filter((text) => text.includes('ztunnel-pods-ips'))).toEqual([])
})
