import {beforeAll, describe, expect, it} from 'vitest'
import {openSources} from '../../src/app/open.js'
import {traceQuestion} from '../../src/app/trace.js'
import type {Trace} from '../../src/flow/trace.js'
import {pinnedQuestions} from '../fixtures/pinned.js'
import {FIXTURES} from '../tools/fixtures.js'
import {resolves} from './resolve-evidence.js'

interface Asked {
  readonly name: string
  readonly folders: readonly string[]
  readonly trace: Trace
}

/** Every pinned question to a shipped snapshot. */
describe('findings over all fixtures', () => {
  const asked: Asked[] = []

  beforeAll(async () => {
    for (const {check} of pinnedQuestions()) {
      const {sources, question, name} = check
      if (sources.files.length > 0) continue
      const paths = sources.paths.map((path) => path.replace(/^([\w.-]+=)?/, `$1${FIXTURES}/`))
      const mesh = await openSources({...sources, paths})
      asked.push({name, folders: paths.map((path) => path.replace(/^[\w.-]+=/, '')), trace: await traceQuestion(mesh, {question})})
      mesh.snapshot.close()
    }
  }, 300_000)

  it('are many', () => {
    const kinds = new Set(asked.flatMap(({trace}) => (trace.findings ?? []).map(({kind}) => kind)))
    expect(kinds.size).toBeGreaterThan(20)
  })

  it('have evidence, every pointer of which resolves in its file', () => {
    const files = new Map<string, unknown>()
    const broken = asked.flatMap(({name, folders, trace}) =>
      (trace.findings ?? []).flatMap(({kind, evidence}) => {
        const resolved = evidence.map((one) => resolves(one, {folders, files}))
        return resolved.length > 0 && resolved.every(Boolean) ? [] : [{name, kind, evidence}]
      }),
    )
    expect(broken).toEqual([])
  })

  it('say each thing once, and six at most', () => {
    for (const {name, trace} of asked) {
      const texts = (trace.findings ?? []).map(({text}) => text)
      expect({name, once: new Set(texts).size, few: texts.length <= 6}).toEqual({name, once: texts.length, few: true})
    }
  })
})
