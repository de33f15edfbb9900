import {describe, expect, test} from 'vitest'
import {MAX_HISTORIES, overHistories, type History} from '../../src/ztunnel/state/history.js'

const choice = (key: string, ...names: readonly string[]) => ({
  key,
  what: `what ${key} holds`,
  candidates: names.map((name) => ({name, value: name})),
})
const pick = (history: History, key: string, ...names: readonly string[]): string => history.pick(choice(key, ...names)) ?? '-'

describe('orders of arrival', () => {
  test('one history when nothing depends on them', () => {
    expect(overHistories((history) => pick(history, 'a', 'only'))).toEqual({told: [{value: 'only', requires: []}], complete: true})
  })

  test('each combination once, the first candidates first', () => {
    const {told} = overHistories((history) => pick(history, 'a', '1', '2') + pick(history, 'b', 'x', 'y', 'z'))
    expect(told.map(({value}) => value).toSorted()).toEqual(['1x', '1y', '1z', '2x', '2y', '2z'])
    expect(told[0]).toEqual({
      value: '1x',
      requires: [
        {what: 'what a holds is 1', group: 'a'},
        {what: 'what b holds is x', group: 'b'},
      ],
    })
  })

  test('the same question has the same answer throughout a history', () => {
    const {told} = overHistories((history) => pick(history, 'a', '1', '2') + pick(history, 'a', '1', '2'))
    expect(told.map(({value}) => value)).toEqual(['11', '22'])
  })

  test('a choice that only one history meets branches there', () => {
    const {told} = overHistories((history) => (pick(history, 'a', '1', '2') === '1' ? '1' : pick(history, 'b', 'x', 'y')))
    expect(told.map(({value}) => value)).toEqual(['1', 'x', 'y'])
  })

  test('an endless number of them is cut, and it says so', () => {
    const {told, complete} = overHistories((history) =>
      Array.from({length: 10}, (_, index) => pick(history, String(index), '1', '2')).join(''),
    )
    expect(told).toHaveLength(MAX_HISTORIES)
    expect(complete).toBe(false)
  })
})
