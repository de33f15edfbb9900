import {describe, expect, test} from 'vitest'
import {endsIn, RECORDING, withFault} from './faulty-nodes.js'

const HEALTHY = new Map(Object.entries(RECORDING.healthy))
/** What a fault changes is always asked, of the rest every so many, others for each fault. */
const STRIDE = 5

test('the healthy node does what the kernel did', () => {
  expect(endsIn(withFault({hunks: []}), HEALTHY)).toEqual(HEALTHY)
})

describe('what the kernel did with the node', () => {
  test.each(RECORDING.faults.map((fault, at) => ({...fault, at})))('$name', ({hunks, leftOut = [], differs, at}) => {
    const alike = [...HEALTHY].filter(([id], index) => !(id in differs) && index % STRIDE === at % STRIDE)
    const recorded = new Map([...alike, ...Object.entries(differs)].filter(([id]) => !leftOut.includes(id)))
    expect(endsIn(withFault({hunks}), recorded)).toEqual(recorded)
  })
})

test('the faults are many, and most of them harm', () => {
  expect(RECORDING.faults.length).toBeGreaterThan(150)
  expect(RECORDING.faults.filter(({differs}) => Object.keys(differs).length > 0).length).toBeGreaterThan(80)
})
