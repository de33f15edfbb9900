import {afterAll, describe, expect, it} from 'vitest'
import {BlindTree} from './blind-tree.js'
import {gapFor} from './known-gaps.js'
import {predict} from './layers/wholepath.js'
import {compare} from './layers/wholepath-compare.js'

const tree = new BlindTree('wholepath')
const scenarios = tree.scenarios()
afterAll(() => {
  tree.remove()
})

async function predictions(scenario: string): Promise<ReadonlyMap<string, unknown>> {
  const predicted = new Map<string, unknown>()
  for await (const one of predict(tree.blind(scenario))) predicted.set(one.id, one.predicted)
  return predicted
}

describe('whole recorded paths', () => {
  it('have recordings', () => {
    expect(scenarios.length).toBeGreaterThan(0)
  })

  it.each(scenarios)('%s: every flow as recorded', {timeout: 60_000}, async (scenario) => {
    const predicted = await predictions(scenario)
    const wrong = tree
      .recorded(scenario)
      .cases.map(({id, observed}) => ({id, ...compare(predicted.get(id), observed)}))
      .filter(({id, ok}) => !ok && gapFor({layer: 'wholepath', scenario, id}) === undefined)
    expect(wrong).toEqual([])
  })
})

describe('the comparison', () => {
  const chain = [{proxy: 'ztunnel-a', direction: 'outbound', 'dst.addr': '10.0.0.1:15008'}]
  const observed = {client: {result: 'reset'}, chain}
  const outcome = {share: 1, client: {result: 'closed'}, chain}

  it('takes closed and reset for the same', () => {
    expect(compare({outcomes: [outcome]}, observed)).toEqual({ok: true})
  })

  it.each([
    {name: 'another address', predicted: {...outcome, chain: [{...chain[0], 'dst.addr': '10.0.0.2:15008'}]}},
    {name: 'a link too many', predicted: {...outcome, chain: [...chain, {proxy: 'w', listener: 'connect_terminate'}]}},
    {name: 'another result', predicted: {...outcome, client: {result: 'response', status: 200}}},
  ])('tells $name', ({predicted}) => {
    expect(compare({outcomes: [predicted]}, observed).ok).toBe(false)
  })

  it('tells what was seen over repeats and not predicted', () => {
    const none = {statuses: {}, pods: {}, waypoints: {}, waypoint_clusters: {}, waypoint_upstream_hosts: {}}
    const seen = {...observed, over_repeats: {n: 4, ...none, ztunnel_dialled: {'10.0.0.9:15008': 1}}}
    expect(compare({outcomes: [outcome]}, seen)).toEqual({ok: false, why: 'repeats: dialled 10.0.0.9:15008 seen 1 times, not predicted'})
  })

  it('does not take an open answer', () => {
    expect(compare({undetermined: 'no dump'}, observed).ok).toBe(false)
  })
})
