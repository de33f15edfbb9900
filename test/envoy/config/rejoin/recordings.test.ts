import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import type {EnvoyConfig} from '../../../../src/envoy/config/model.js'
import {readEnvoyConfig} from '../../../../src/envoy/config/read-envoy-config.js'
import {readContent} from '../../../../src/envoy/config/rejoin/assignment-content.js'
import {corroborateFromDumps} from '../../../../src/envoy/config/rejoin/corroborate-dumps.js'
import {corroborateFromInventory} from '../../../../src/envoy/config/rejoin/corroborate-inventory.js'
import type {Corroborate} from '../../../../src/envoy/config/rejoin/corroborate.js'
import type {Inventory} from '../../../../src/flow/inventory.js'
import {memoryStore} from '../../../../src/json/memory-store.js'
import {oracleRoot} from '../../../conformance/oracle-path.js'
import {readOracleInventory} from '../../../tools/oracle-inventory.js'

const root = join(oracleRoot(), 'ambient2022')
const scenarios = existsSync(root) ? readdirSync(root).filter((name) => existsSync(join(root, name, 'cases.json'))) : []

function open(file: string, corroborate: readonly Corroborate[] = []): EnvoyConfig {
  return readEnvoyConfig(memoryStore({name: file, document: JSON.parse(readFileSync(file, 'utf8'))}), {corroborate})
}

function inventoryOf(dir: string): Inventory {
  const {pods, services} = readOracleInventory(join(dir, 'inventory.json'))
  const recorded = {file: 'inventory.json', pointer: ''}
  return {
    pods: pods.map((pod) => ({
      ...pod,
      labels: new Map(Object.entries(pod.labels)),
      annotations: new Map(),
      recorded,
      containerPorts: pod.containerPorts.map(({port, protocol, ...rest}) => ({port, protocol: protocolOf(protocol), ...named(rest.name)})),
    })),
    services: services.map(({selector, vip, ports, ...service}) => ({
      ...service,
      type: 'ClusterIP' as const,
      clusterIPs: vip === null ? [] : [vip],
      headless: vip === null,
      labels: new Map(),
      annotations: new Map(),
      recorded,
      ports: ports.map(({name, ...port}) => ({...port, protocol: protocolOf(port.protocol), ...named(name)})),
      ...(selector === null ? {} : {selector: new Map(Object.entries(selector))}),
    })),
  }
}

const protocolOf = (text: string): 'TCP' | 'UDP' => (text === 'UDP' ? 'UDP' : 'TCP')
const named = (name: string | undefined): {name?: string} => (name === undefined ? {} : {name})

interface Tally {
  readonly exact: number
  readonly equivalent: number
  readonly ambiguous: number
  readonly wrong: readonly string[]
}

/** Compares what a nameless dump says about each cluster with its named twin. */
function judge(nameless: EnvoyConfig, twin: EnvoyConfig): Tally {
  const rows = nameless.clusterNames().map((name) => ({name, ...judgeCluster({nameless, twin}, name)}))
  const count = (kind: string): number => rows.filter((row) => row.join === kind).length
  return {
    exact: count('exact'),
    equivalent: count('set-equivalent'),
    ambiguous: count('ambiguous'),
    wrong: rows.filter(({right}) => !right).map(({name}) => name),
  }
}

function judgeCluster({nameless, twin}: {nameless: EnvoyConfig; twin: EnvoyConfig}, name: string): {join: string; right: boolean} {
  const [cluster, original] = [nameless.cluster(name), twin.cluster(name)]
  if (cluster === undefined || original === undefined) return {join: 'lost', right: false}
  const [found, truth] = [nameless.endpoints(cluster), twin.endpoints(original)]
  if (truth.kind !== 'found') return {join: 'absent', right: found.kind === truth.kind}
  const key = readContent(truth.assignment).key
  if (found.kind === 'found') return {join: found.inferred ? found.join : 'named', right: readContent(found.assignment).key === key}
  return {join: found.kind, right: found.kind === 'ambiguous' && found.candidates.some((candidate) => readContent(candidate).key === key)}
}

describe.each(scenarios)('nameless endpoints of %s', (scenario) => {
  const dir = join(root, scenario)
  const files = readdirSync(dir).sort()
  const proxies = files.flatMap((file) => (file.endsWith('.nameless-eds.config_dump.json') ? [file.slice(0, file.indexOf('.'))] : []))
  const others = files.filter((file) => /^(?!ztunnel)[^.]+\.config_dump\.json$/.test(file)).map((file) => open(join(dir, file)))
  const knowledge: readonly {readonly from: string; readonly corroborate: readonly Corroborate[]}[] = [
    {from: 'the dump alone', corroborate: []},
    {from: 'other dumps', corroborate: [corroborateFromDumps(others)]},
    {from: 'the inventory', corroborate: [corroborateFromInventory(inventoryOf(dir))]},
    {from: 'both', corroborate: [corroborateFromDumps(others), corroborateFromInventory(inventoryOf(dir))]},
  ]

  it.each(proxies)('of %s are joined rightly, or all of them stay possible', (proxy) => {
    const twin = open(join(dir, `${proxy}.config_dump.json`))
    const tallies = knowledge.map(({from, corroborate}) => ({
      from,
      ...judge(open(join(dir, `${proxy}.nameless-eds.config_dump.json`), corroborate), twin),
    }))
    for (const {from, exact, equivalent, ambiguous, wrong} of tallies) {
      console.info(
        `${scenario} ${proxy} from ${from}: ${exact} exact, ${equivalent} set-equivalent, ${ambiguous} ambiguous, ${wrong.length} wrong`,
      )
    }
    expect(tallies.flatMap(({wrong}) => wrong)).toEqual([])
    expect(tallies.at(-1)?.ambiguous).toBeLessThanOrEqual(tallies[0]?.ambiguous ?? 0)
  })

  it('need no guess where inventory and other dumps are at hand', () => {
    const last = knowledge.at(-1)?.corroborate ?? []
    const joined = proxies.map((proxy) =>
      judge(open(join(dir, `${proxy}.nameless-eds.config_dump.json`), last), open(join(dir, `${proxy}.config_dump.json`))),
    )
    expect(joined.map(({ambiguous}) => ambiguous)).toEqual(proxies.map(() => 0))
  })
})

describe('the recordings', () => {
  it('are there', () => {
    expect(scenarios.length).toBeGreaterThan(0)
  })
})
