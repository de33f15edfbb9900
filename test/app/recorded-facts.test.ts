import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {z} from 'zod'
import {walkProxy} from '../../src/app/walk.js'
import {oracleRoot} from '../conformance/oracle-path.js'
import {openScenario, SCENARIOS, type Scenario} from './scenario.js'

const socket = z.object({ip: z.string(), port: z.number()})
const recorded = z.object({
  cases: z.array(
    z.object({
      id: z.string(),
      input: z.object({
        kind: z.string(),
        proxy: z.string(),
        source: z.object({ip: z.string()}).optional(),
        destination: socket.optional().catch(undefined),
      }),
      observed: z.object({
        facts: z.looseObject({
          action_value: z.string().optional(),
          chain_present: z.boolean().optional(),
          chain_cluster: z.object({name: z.string(), present: z.boolean()}).optional(),
        }),
      }),
    }),
  ),
})

/** Ports at which the connection is handed to another listener, which the look-ups leave out (envoy-2022 D1). */
const HANDED_OFF: ReadonlySet<number> = new Set([15_006, 15_008, 15_021, 15_090])

/** Literal look-ups in the generators' output, against what the walk of the dump takes. */
describe.each(SCENARIOS)('recorded look-ups of %s', (scenario) => {
  it('lead to the chain and cluster that a walk takes', async () => {
    const mesh = await openScenario(scenario)
    const cases = outboundCases(scenario)
    const walked = await Promise.all(
      cases.map(async ({input}) => {
        const source = {ip: input.source?.ip ?? '', port: 0}
        const trace = await walkProxy(mesh, {
          question: {
            proxy: input.proxy,
            port: 15_001,
            source,
            ...(input.destination === undefined ? {} : {destination: input.destination}),
          },
        })
        return trace.hops[trace.start]?.next[0]?.log
      }),
    )
    expect(cases.length).toBeGreaterThan(20)
    expect(walked.map((log, index) => [cases[index]?.id, log?.filterChain, log?.cluster])).toEqual(
      cases.map(({id, observed: {facts}}) => [id, facts.action_value, facts.chain_cluster?.name]),
    )
  }, 60_000)
})

function outboundCases(scenario: Scenario): z.infer<typeof recorded>['cases'] {
  const {cases} = recorded.parse(JSON.parse(readFileSync(join(oracleRoot(), 'ambient2022', scenario, 'cases.json'), 'utf8')))
  return cases.filter(
    ({input, observed: {facts}}) =>
      input.kind === 'ztunnel-outbound' &&
      facts.chain_present === true &&
      facts.chain_cluster?.present === true &&
      !HANDED_OFF.has(input.destination?.port ?? 0),
  )
}
