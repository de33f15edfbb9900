import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {addShares, isWhole, NOTHING} from '../../../src/flow/share.js'
import {isObject} from '../../../src/json/view.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import {readZtunnelConfig} from '../../../src/ztunnel/config/read-ztunnel-config.js'
import {documentOf, service, workload} from '../dump.js'
import {disorder, permute} from '../permute.js'
import {answerOf, comparable, configFor, mesh, RELEASES, target, withClient} from './worlds.js'

const world = fc
  .record({mesh, target, minor: fc.constantFrom(...RELEASES)})
  .map(({mesh: parts, ...asked}) => ({parts: {...parts, minor: asked.minor}, asked}))

/** RFC 6901. */
function at(document: unknown, pointer: string): unknown {
  const tokens = pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  return tokens.reduce<unknown>((value, token) => {
    if (Array.isArray(value)) return value[Number(token)]
    return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined
  }, document)
}

describe('outbound decisions', () => {
  test('the order of a dump decides nothing', () => {
    fc.assert(
      fc.property(world, disorder, ({parts, asked}, keys) => {
        const document = permute(documentOf(withClient(parts)), {keys})
        const config = readZtunnelConfig(memoryStore({name: 'ztunnel.json', document}), {minor: parts.minor})
        expect(comparable(answerOf(config, asked))).toEqual(comparable(answerOf(configFor(parts), asked)))
      }),
      {numRuns: 300},
    )
  })

  test('a workload that nothing refers to changes nothing', () => {
    const unrelated = workload('unrelated', {workloadIps: ['172.31.0.1'], protocol: 'HBONE', hostname: 'unrelated.example.com'})
    fc.assert(
      fc.property(world, ({parts, asked}) => {
        const more = {...parts, workloads: [unrelated, ...parts.workloads]}
        expect(comparable(answerOf(configFor(more), asked))).toEqual(comparable(answerOf(configFor(parts), asked)))
      }),
    )
  })

  test('a service or policy that nothing refers to changes nothing', () => {
    const unrelated = service('unrelated', {hostname: 'unrelated.example.com', vips: ['/172.31.0.2']})
    const policies = [{name: 'unrelated', namespace: 'ns', scope: 'Namespace', action: 'Deny', rules: [[]]}]
    fc.assert(
      fc.property(world, ({parts, asked}) => {
        const more = {...parts, services: [unrelated, ...parts.services], policies}
        expect(comparable(answerOf(configFor(more), asked))).toEqual(comparable(answerOf(configFor(parts), asked)))
      }),
    )
  })

  test('evidence points into the dump', () => {
    fc.assert(
      fc.property(world, ({parts, asked}) => {
        const {histories} = answerOf(configFor(parts), asked)
        const document = documentOf(withClient(parts))
        const evidence = histories.flatMap(({value}) => value.flatMap(({steps}) => steps.flatMap((step) => step.evidence)))
        for (const {pointer} of evidence) expect(at(document, pointer)).toBeTypeOf('object')
      }),
    )
  })

  test('the shares of every history sum to 1', () => {
    fc.assert(
      fc.property(world, ({parts, asked}) => {
        const {histories, complete} = answerOf(configFor(parts), asked)
        expect(complete).toBe(true)
        for (const {value} of histories) expect(isWhole(value.map(({share}) => share).reduce(addShares, NOTHING))).toBe(true)
      }),
    )
  })
})
