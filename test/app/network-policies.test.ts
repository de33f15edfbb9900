import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {admissionBy} from '../../src/app/network-policies.js'
import {policiesFrom} from '../../src/app/network-policy-file.js'
import {traceQuestion} from '../../src/app/trace.js'
import {formatShare} from '../../src/flow/share.js'
import type {Inventory, Pod} from '../../src/flow/inventory.js'
import type {Question, Trace} from '../../src/flow/trace.js'
import type {Admitted} from '../../src/mesh/admission.js'
import {openGaScenario} from './ga-scenario.js'

const APP_PORT_ONLY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app-only, namespace: orchard}
spec:
  podSelector: {matchLabels: {app: cider}}
  ingress: [{ports: [{port: 3306}]}]
`

const WITH_TUNNEL = APP_PORT_ONLY.replace('{port: 3306}', '{port: 3306}, {port: 15008}')

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ambientctl-policies-'))
  onTestFinished(() => {
    rmSync(folder, {recursive: true})
  })
  const path = join(folder, 'policies.yaml')
  writeFileSync(path, text)
  return path
}

async function traced(policies: string, question: Question): Promise<Trace> {
  return traceQuestion(await openGaScenario('orchard', {networkPolicies: file(policies)}), {question})
}

function ends({outcomes, hops}: Trace): readonly string[] {
  const conditions = Object.values(hops).flatMap(({next}) =>
    next.flatMap(({to, requires}) => requires.map(({what}) => [to, what] as const)),
  )
  const all = Object.values(outcomes).map(({id, share, verdict}) => {
    const provided = conditions.flatMap(([to, what]) => (to === id ? what : []))
    return [formatShare(share), verdict.kind, ...provided].join(', ')
  })
  return [...new Set(all)].toSorted()
}

describe('a trace with policies from a file', () => {
  const CIDER: Question = {source: 'market/buyer', destination: 'cider.orchard:3306'}

  it('is dropped where they keep the tunnel out, if somebody enforces them', async () => {
    const trace = await traced(APP_PORT_ONLY, CIDER)
    expect(trace.verdict).toMatchObject({
      kind: 'dropped',
      reason: 'NetworkPolicy orchard/app-only (ingress): no rule admits TCP 15008 from 10.12.1.99: spec.ingress[0] takes only TCP 3306',
    })
    expect(ends(trace)).toContain('one of 3, dropped, the network plugin of node row-2 enforces NetworkPolicies')
    const [finding] = trace.findings ?? []
    expect(finding?.kind).toBe('tunnel-blocked')
    expect(finding?.text).toMatch(/ clients see a timeout, if the network plugin of node row-1 enforces NetworkPolicies$/)
    expect(finding?.text).toContain('TCP 15008: add {protocol: TCP, port: 15008} to spec.ingress[0].ports of orchard/app-only; ')
    expect(finding?.evidence.map(({pointer}) => pointer)).toEqual(['line 1'])
  })

  it('goes on, and says nothing of them, where they let the tunnel in', async () => {
    const trace = await traced(WITH_TUNNEL, CIDER)
    expect([trace.verdict.kind, trace.findings]).toEqual(['delivered', undefined])
  })

  it('leaves open whether probes of the node get in', async () => {
    const trace = await traced(APP_PORT_ONLY, {source: 'node/row-1', destination: '10.12.1.20:9999'})
    expect(Object.values(trace.outcomes).map(({share, verdict}) => `${formatShare(share)} ${verdict.kind}`)).toEqual([
      'one of 2 delivered',
      'one of 2 dropped',
    ])
    expect(trace.verdict.kind === 'dropped' ? trace.verdict.reason : trace.verdict).toContain(
      '169.254.7.127, the address that capture gives to probes',
    )
  })

  it('counts the port of the application for a client that has no tunnel', async () => {
    const trace = await traced(APP_PORT_ONLY, {source: 'road/cart', destination: 'cider.orchard:3306'})
    expect(Object.values(trace.outcomes).map(({verdict}) => verdict.kind)).not.toContain('dropped')
  })
})

describe('what policies say about one connection', () => {
  const HBONE = {source: '10.0.0.1', destination: '10.0.0.2', port: 15_008}
  const CLIENT = pod('client', {ips: ['10.0.0.1'], node: 'n1'})
  const CIDER = pod('cider', {ips: ['10.0.0.2'], node: 'n1', namespace: 'orchard'})
  const CALICO = pod('calico-node-x', {node: 'n1', hostNetwork: true, labels: new Map([['k8s-app', 'calico-node']])})

  async function ingress(inventory: Inventory, hop = HBONE): Promise<Admitted | undefined> {
    return admissionBy({inventory, ...(await policiesFrom(file(APP_PORT_ONLY)))})?.(hop)[1]
  }

  it('holds for sure beside an agent that enforces them', async () => {
    const {evidence = [], ...said} = (await ingress({pods: [CLIENT, CIDER, CALICO]})) ?? {}
    expect(said).toEqual({
      direction: 'ingress',
      admitted: 'no',
      policies: ['orchard/app-only'],
      because: 'no rule admits TCP 15008 from 10.0.0.1: spec.ingress[0] takes only TCP 3306',
      advice: 'add {protocol: TCP, port: 15008} to spec.ingress[0].ports of orchard/app-only',
    })
    expect(evidence.map(({pointer, basis}) => [pointer, basis])).toEqual([['line 1', 'recorded']])
  })

  it('depends on the network plugin elsewhere', async () => {
    const elsewhere = {...CALICO, node: 'n2'}
    expect(await ingress({pods: [CLIENT, CIDER, elsewhere]})).toMatchObject({
      admitted: 'no',
      doubt: {holds: 'the network plugin of node n1 enforces NetworkPolicies'},
    })
  })

  it('is open without pods, because labels decide', async () => {
    expect(await ingress({})).toMatchObject({admitted: 'undetermined', because: 'the labels of 10.0.0.2 decide, and no pods were recorded'})
    expect(await ingress({}, {...HBONE, port: 3306})).toMatchObject({admitted: 'yes'})
  })

  it('is open for probes, whose address the node has changed', async () => {
    expect(await ingress({pods: [CIDER, CALICO]}, {...HBONE, source: '169.254.7.127'})).toMatchObject({
      admitted: 'undetermined',
      because: 'no rule admits 169.254.7.127, the address that capture gives to probes; plugins differ in whether they know it',
    })
  })

  it('comes from the inventory where no file is given, with a pointer', () => {
    const value = {
      kind: 'NetworkPolicy',
      metadata: {name: 'closed', namespace: 'orchard'},
      spec: {podSelector: {}, policyTypes: ['Ingress']},
    }
    const recorded = {file: 'inventory/networkpolicies.json', pointer: '/items/3'}
    const policy = {name: 'closed', namespace: 'orchard', labels: new Map(), annotations: new Map(), recorded, value}
    const said = admissionBy({inventory: {pods: [CLIENT, CIDER, CALICO], networkPolicies: [policy]}})?.(HBONE)
    expect(said?.map(({admitted}) => admitted)).toEqual(['yes', 'no'])
    expect(said?.[1]?.evidence).toEqual([{dump: recorded.file, pointer: recorded.pointer, basis: 'recorded'}])
  })

  it('is open beside a recorded policy that is not understood', () => {
    const recorded = {file: 'inventory/networkpolicies.json', pointer: '/items/3'}
    const object = {name: 'newer', namespace: 'orchard', labels: new Map(), annotations: new Map(), recorded}
    const value = {kind: 'NetworkPolicy', metadata: {name: 'newer', namespace: 'orchard'}, spec: {podSelector: {}, priority: 1}}
    const said = admissionBy({inventory: {pods: [CLIENT, CIDER], networkPolicies: [{...object, value}]}})?.(HBONE)
    expect(said).toMatchObject([
      {admitted: 'yes'},
      {
        admitted: 'undetermined',
        policies: ['NetworkPolicy orchard/newer'],
        because: 'NetworkPolicy orchard/newer, which is not read here, may admit or deny it',
        evidence: [{pointer: '/items/3'}],
      },
    ])
  })

  it('leaves out pods that have ended: others may have their address', async () => {
    const ended = pod('ended', {ips: ['10.0.0.2'], namespace: 'orchard', labels: new Map([['app', 'cider']]), phase: 'Succeeded'})
    expect(await ingress({pods: [CLIENT, ended, {...CIDER, labels: new Map()}]})).toMatchObject({admitted: 'yes'})
  })

  it('knows a node by the pods of the host network on it', async () => {
    const host = pod('kube-proxy', {ips: ['192.168.0.1'], node: 'n1', hostNetwork: true})
    expect(await ingress({pods: [CIDER, host]}, {...HBONE, source: '192.168.0.1'})).toMatchObject({
      admitted: 'yes',
      because: 'a node always reaches its own pods',
    })
  })

  it('does not depend on how addresses are written', async () => {
    const wide = {...CIDER, ips: ['fd00:0::2']}
    expect(await ingress({pods: [wide]}, {...HBONE, destination: 'fd00::0002'})).toMatchObject({admitted: 'no'})
  })

  it('is nothing where neither is there', () => {
    expect(admissionBy({inventory: {pods: [CIDER]}})).toBeUndefined()
  })
})

function pod(name: string, parts: Partial<Pod>): Pod {
  return {
    name,
    namespace: 'default',
    labels: new Map([['app', name]]),
    annotations: new Map(),
    recorded: {file: 'inventory/pods.json', pointer: '/items/0'},
    ips: [],
    hostNetwork: false,
    serviceAccount: 'default',
    containerPorts: [],
    ...parts,
  }
}
