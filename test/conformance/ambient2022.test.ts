import {afterAll, describe, expect, it} from 'vitest'
import {BlindTree} from './blind-tree.js'
import {compare, predict} from './layers/ambient2022.js'

const tree = new BlindTree('ambient2022')
const scenarios = tree.scenarios()
afterAll(() => {
  tree.remove()
})

describe('look-ups of 2022 dumps', () => {
  it('have recordings', () => {
    expect(scenarios.length).toBeGreaterThan(0)
  })

  it.each(scenarios)('%s: every case as recorded', (scenario) => {
    const predicted = new Map([...predict(tree.blind(scenario))].map((one) => [one.id, one.predicted]))
    const wrong = tree
      .recorded(scenario)
      .cases.map(({id, observed}) => ({id, ...compare(predicted.get(id), observed)}))
      .filter(({ok}) => !ok)
    expect(wrong).toEqual([])
  })

  it('tells a wrong prediction', () => {
    expect(compare({facts: {key: 'a'}}, {facts: {key: 'b'}})).toEqual({ok: false, why: 'key: predicted "a", observed "b"'})
    expect(compare({undetermined: 'no dump'}, {facts: {key: 'b'}}).ok).toBe(false)
  })
})
