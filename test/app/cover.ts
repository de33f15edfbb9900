import {CoverageCollector, type Coverage} from '../../src/app/coverage.js'
import type {Mesh} from '../../src/app/mesh.js'
import type {WalkQuestion} from '../../src/app/walk-arrival.js'
import {walkProxy} from '../../src/app/walk.js'

/** What the answers to these questions rely on. */
export async function coverageOf(mesh: Mesh, questions: readonly WalkQuestion[]): Promise<Coverage> {
  const collector = new CoverageCollector()
  for (const [index, question] of questions.entries()) {
    collector.addProxy(question.proxy)
    collector.add({kind: 'trace', line: index + 1, trace: await walkProxy(mesh, {question})})
  }
  return collector.finish(mesh)
}
