import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {FIXTURES} from '../../tools/fixtures.js'
import type {Trace} from '../../../src/flow/trace.js'
import {anonymized, QUESTIONS, scratchDirectory, SNAPSHOTS, type Names} from './anonymized.js'
import {answers, hidden, shape} from './isomorphism.js'

const scratch = scratchDirectory()

describe('an anonymized snapshot', () => {
  it.each(SNAPSHOTS)('%s answers as the original does', async (path) => {
    const {directory, names} = await anonymized(join(FIXTURES, path), {scratch})
    const checks = QUESTIONS.filter(({sources}) => sources.paths[0] === path)
    const originals = await answers({paths: [join(FIXTURES, path)]}, checks)
    const hiddenChecks = checks.map((check) => hidden(check, names))
    const renamed = await answers({paths: [directory]}, hiddenChecks)
    const shapes = (traces: readonly Trace[], reveal?: Names['reveal']): unknown =>
      traces.map((trace, at) => ({name: checks[at]?.name, shape: shape(trace, reveal)}))
    expect(checks.length).toBeGreaterThan(0)
    expect(shapes(renamed, names.reveal)).toEqual(shapes(originals))
  })
})
