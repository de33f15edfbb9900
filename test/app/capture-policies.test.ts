import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {askCapture, type CaptureAnswer} from '../../src/app/capture.js'
import {readCaptureQuestion} from '../../src/app/capture-question.js'
import {openCaptures, type CaptureShelf} from '../../src/app/capture-shelf.js'
import {policiesFrom} from '../../src/app/network-policy-file.js'
import type {Inventory} from '../../src/flow/inventory.js'

const SCRATCH = mkdtempSync(join(tmpdir(), 'ambientctl-capture-policies-'))
afterAll(() => {
  rmSync(SCRATCH, {recursive: true})
})

const OPTIONS = {namespace: 'default', explain: false, findings: false}

function opened(state: string): Promise<CaptureShelf> {
  return openCaptures({paths: [`fixtures/capture-states/${state}`], environment: {}})
}

function written(text: string): string {
  const file = join(SCRATCH, 'policies.yaml')
  writeFileSync(file, text)
  return file
}

describe('network policies', () => {
  const POLICY = `# first
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app-only, namespace: default}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress: [{ports: [{port: 5000}]}]
`

  test('say which ports they admit, and which policy keeps HBONE out', async () => {
    const {policies = []} = await policiesFrom(written(POLICY))
    const shelf = await opened('node-2022')
    const question = readCaptureQuestion({target: 'legacy/plain', destination: {ip: '10.244.2.4', port: 15_008}})
    const {admissions, outlook} = askCapture(shelf, {question, options: {...OPTIONS, policies}})
    expect(admissions?.map(({port, admitted}) => [port, admitted])).toEqual([
      [15_008, 'no'],
      [15_006, 'no'],
    ])
    expect(admissions?.[0]?.directions[1]).toMatchObject({direction: 'ingress', isolatedBy: [{name: 'app-only'}]})
    expect(outlook).toBe('negative')
  })

  test('do not matter where they admit', async () => {
    const shelf = await opened('node-2022')
    const question = readCaptureQuestion({target: 'legacy/plain', destination: {ip: '10.244.2.4', port: 5000}})
    const {outlook} = askCapture(shelf, {question, options: {...OPTIONS, ...(await policiesFrom(written(POLICY)))}})
    expect(outlook).toBe('positive')
  })

  test('are those of the inventory where none are given', async () => {
    const value = {
      kind: 'NetworkPolicy',
      metadata: {name: 'closed', namespace: 'default'},
      spec: {podSelector: {}, policyTypes: ['Ingress']},
    }
    const recorded = {file: 'inventory/networkpolicies.json', pointer: '/items/0'}
    const closed = {name: 'closed', namespace: 'default', labels: new Map(), annotations: new Map(), recorded, value}
    const shelf = await opened('node-2022')
    const policed = {...shelf, inventory: {...shelf.inventory, networkPolicies: [closed]}}
    const asked = (target: string, ip: string): CaptureAnswer =>
      askCapture(policed, {question: readCaptureQuestion({target, destination: {ip, port: 5000}}), options: OPTIONS})
    expect(asked('legacy/plain', '10.244.2.4')).toMatchObject({outlook: 'negative', admissions: [{admitted: 'no'}, {}, {}]})
    // What ztunnel sends instead has another port.
    expect(asked('sleep', '10.244.2.4')).toMatchObject({outlook: 'positive', admissions: [{admitted: 'no'}, {}, {}]})
  })

  describe('are asked about what the network carries:', () => {
    async function asked(
      target: string,
      {to, inventory = {}}: {readonly to: string; readonly inventory?: Inventory},
    ): Promise<readonly [CaptureAnswer, readonly string[]]> {
      const shelf = await opened('node-2022')
      const {policies = []} = await policiesFrom(written(POLICY.replace('ports: [{port: 5000}]', 'ports: [{port: 1}]')))
      const question = readCaptureQuestion({target, destination: {ip: to, port: 5000}})
      const answer = askCapture({...shelf, inventory: {...shelf.inventory, ...inventory}}, {question, options: {...OPTIONS, policies}})
      const said = (answer.admissions ?? []).filter(({use}) => use === 'asked')
      return [answer, said.map(({destination, port, admitted}) => `${destination}:${port} ${admitted}`)]
    }

    test('inside a pod 15006 is none of that', async () => {
      const {policies = []} = await policiesFrom(written(POLICY))
      const question = readCaptureQuestion({target: 'bookinfo/reviews-v1', destination: {ip: '203.0.113.50', port: 443}, mark: 0x539})
      const {admissions} = askCapture(await opened('in-pod'), {question, options: {...OPTIONS, policies}})
      expect(admissions?.map(({port, use}) => [port, use])).toEqual([
        [443, 'asked'],
        [15_008, 'hbone'],
      ])
    })

    test('the backends that a VIP is translated to', async () => {
      const [answer, said] = await asked('legacy/plain', {to: '10.96.44.10'})
      expect(said).toEqual(['10.244.2.4:5000 no', '10.244.0.7:5000 yes'])
      expect([answer.outlook, answer.admissions?.[0]?.provided]).toEqual([
        'negative',
        'the network plugin of node node enforces NetworkPolicies',
      ])
    })

    test('not the VIP that ztunnel takes, whose backends are not known', async () => {
      const [answer, said] = await asked('sleep', {to: '10.96.44.10'})
      expect([said, answer.outlook, answer.unjudged]).toEqual([
        [],
        'positive',
        'policies judge what ztunnel dials instead of 10.96.44.10:5000: `ambientctl trace` tells',
      ])
    })

    test('its backends where they are known, without saying that the packet does not arrive', async () => {
      const [answer, said] = await asked('sleep', {to: '10.96.44.10', inventory: withService()})
      expect([said, answer.outlook, answer.unjudged]).toEqual([['10.244.2.4:8080 no', '10.244.0.7:8080 yes'], 'positive', undefined])
    })
  })

  test('are told with place and reason, and nothing of what is in them', async () => {
    const file = written(POLICY)
    const {policies = []} = await policiesFrom(file)
    const question = readCaptureQuestion({target: 'legacy/plain', destination: '10.244.2.4:15008'})
    const {admissions} = askCapture(await opened('node-2022'), {question, options: {...OPTIONS, policies}})
    expect(admissions?.[0]?.directions[1]).toEqual({
      direction: 'ingress',
      admitted: 'no',
      because: 'no rule admits TCP 15008 from 10.244.2.5: spec.ingress[0] takes only TCP 5000',
      advice: 'add {protocol: TCP, port: 15008} to spec.ingress[0].ports of default/app-only',
      isolatedBy: [{name: 'app-only', namespace: 'default', place: {file, line: 2}}],
      admittedBy: [],
      unread: [],
    })
  })

  test('that refer to themselves without end are refused', async () => {
    const aliases = ['b', 'c', 'd'].map(
      (name, at) =>
        `${name}: &${name} [${Array(10)
          .fill(`*${'abc'[at] ?? ''}`)
          .join(', ')}]`,
    )
    const file = written(`a: &a [x]\n${aliases.join('\n')}\nkind: NetworkPolicy\n`)
    await expect(policiesFrom(file)).rejects.toMatchObject({exitCode: 65, where: file, message: 'The file refers to itself too often.'})
  })

  test.each([
    {what: 'no YAML', text: 'a: [', line: 1},
    {what: 'no policy', text: `${POLICY}---\nkind: NetworkPolicy\nmetadata: {}\n`, line: 11},
  ])('$what is named with file and line', async ({text, line}) => {
    const file = written(text)
    await expect(policiesFrom(file)).rejects.toMatchObject({exitCode: 65, where: `${file}:${line}`})
  })
})

function withService(): Inventory {
  const known = {name: 'helloworld', namespace: 'default', labels: new Map(), annotations: new Map(), recorded: {file: 'x', pointer: ''}}
  const port = {name: 'http', port: 5000, protocol: 'TCP'} as const
  return {
    services: [{...known, type: 'ClusterIP', clusterIPs: ['10.96.44.10'], headless: false, ports: [{...port, targetPort: 8080}]}],
    endpointSlices: [
      {
        ...known,
        service: 'helloworld',
        addressType: 'IPv4',
        ports: [{...port, port: 8080}],
        endpoints: [{addresses: ['10.244.2.4']}, {addresses: ['10.244.0.7']}],
      },
    ],
  }
}
