import {expect, test} from 'vitest'
import {fixFor} from '../../src/render/fixes.js'

test('where nothing listens, the advice covers listeners that are there and do not serve', () => {
  const {check = '', fix = ''} = fixFor('no-listener') ?? {}
  for (const state of ['warm', 'drain', 'rejected update']) {
    expect(check).toContain(state)
    expect(fix).toContain(state)
  }
  expect(fix).toContain('declare the port in the Service')
})

test('a good end needs no advice', () => {
  expect(fixFor('delivered')).toBeUndefined()
})
