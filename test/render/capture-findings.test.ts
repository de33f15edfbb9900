import {expect, test} from 'vitest'
import {askCapture} from '../../src/app/capture.js'
import {readCaptureQuestion} from '../../src/app/capture-question.js'
import {openCaptures} from '../../src/app/capture-shelf.js'
import {renderCapture} from '../../src/render/capture.js'
import {createTheme} from '../../src/render/theme.js'

const PLAIN = {target: 'legacy/plain', destination: {ip: '10.244.2.4', port: 5000}}

/** Names of findings and of the end, in the order they are printed. */
async function told(state: string, question: unknown): Promise<readonly string[]> {
  const shelf = await openCaptures({paths: [`fixtures/capture-states/${state}`], environment: {}})
  const answer = askCapture(shelf, {
    question: readCaptureQuestion(question),
    options: {namespace: 'default', explain: false, findings: true},
  })
  const lines = renderCapture(answer, {width: 100, theme: createTheme(0)}).split('\n')
  return lines.flatMap((line) => /^([a-z-]+|[A-Z]+): /.exec(line)?.[1] ?? [])
}

test('what is wrong with the node is said before the way of a packet', async () => {
  expect(await told('node-2022-rule-order', {target: 'sleep', destination: {ip: '10.96.44.10', port: 5000}})).toEqual([
    'rule-order',
    'ASYMMETRIC',
  ])
})

test('what is wrong with the pod that sends is said before, with another pod after', async () => {
  const asked = {target: 'sleep', destination: {ip: '10.244.0.7', port: 5000}}
  expect(await told('node-2022-pod-not-in-set', asked)).toEqual(['pod-not-in-set', expect.any(String)])
  expect((await told('node-2022-pod-not-in-set', PLAIN)).at(-1)).toBe('pod-not-in-set')
})
