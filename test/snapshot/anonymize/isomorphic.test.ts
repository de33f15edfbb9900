import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {FIXTURES} from '../../tools/fixtures.js'
import {anonymized, QUESTIONS, scratchDirectory, SNAPSHOTS} from './anonymized.js'
import {answer, hidden, shape} from './isomorphism.js'

const scratch = scratchDirectory()

describe('an anonymized snapshot', () => {
  it.each(SNAPSHOTS)('%s answers as the original does', async (path) => {
    const {directory, names} = await anonymized(join(FIXTURES, path), {scratch})
    for (const check of QUESTIONS.filter(({sources}) => sources.paths[0] === path)) {
      const original = await answer({paths: [join(FIXTURES, path)]}, check)
      const renamed = await answer({paths: [directory]}, hidden(check, names))
      expect(shape(renamed, names.reveal), check.name).toEqual(shape(original))
    }
  })
})
