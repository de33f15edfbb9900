import {existsSync, readFileSync, rmSync, mkdtempSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, beforeEach, describe, expect, it} from 'vitest'
import {z} from 'zod'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {FakeKubectl, type Rule} from '../tools/fake-kubectl.js'
import {runProgram} from './run-program.js'

const STATE = 'fixtures/capture-states/in-pod'
const kubectl = new FakeKubectl()
const folder = mkdtempSync(path.join(tmpdir(), 'capture-live-'))
afterAll(() => {
  kubectl.remove()
  rmSync(folder, {recursive: true})
})

const pods = z.looseObject({items: z.array(z.unknown())}).parse(JSON.parse(readFileSync(`${STATE}/inventory/pods.json`, 'utf8')))
const cni = {
  metadata: {name: 'istio-cni-node-x', namespace: 'istio-system', labels: {'k8s-app': 'istio-cni-node'}},
  spec: {nodeName: 'node', hostNetwork: true, containers: [{name: 'install-cni', image: 'istio/install-cni:1.28.0'}]},
  status: {phase: 'Running'},
}
const COMMANDS: Readonly<Record<string, string>> = {
  'iptables-save': 'iptables-save',
  'ip6tables-save': 'ip6tables-save',
  'ipset save': 'ipset-save',
  'ip rule': 'ip-rule',
  'ip -6 rule': 'ip6-rule',
  'ip route show table all': 'ip-route',
  'ip -6 route show table all': 'ip6-route',
  'ip addr': 'ip-addr',
  'ip -d link': 'ip-link',
  'ss -lntu': 'ss',
  'sysctl -a': 'sysctl',
}

/** What the programs print in one namespace of the recorded state. */
function printed(place: string, when: string): readonly Rule[] {
  return Object.entries(COMMANDS)
    .map(([words, file]) => ({words, file: `${STATE}/capture/${place}/${file}`}))
    .filter(({file}) => existsSync(file))
    .map(({words, file}) => ({when: `${when}${words}$`, stdout: readFileSync(file, 'utf8')}))
}

beforeEach(() => {
  kubectl.playAll([
    {when: 'config view', stdout: '{"contexts": [{"name": "kind", "context": {}}]}'},
    {when: 'get pods', stdout: JSON.stringify({...pods, items: [...pods.items, cni]})},
    {when: 'get namespaces', stdout: readFileSync(`${STATE}/inventory/namespaces.json`, 'utf8')},
    {when: 'get ', stdout: '{"apiVersion": "v1", "kind": "List", "items": []}'},
    ...printed('bookinfo/reviews-v1', String.raw`exec istio-cni-node-x .*2d770aff-3b90.* `),
    ...printed('node/node', 'exec istio-cni-node-x -c install-cni -- '),
    {when: 'exec', exit: 127, stderr: 'command terminated with exit code 127\n'},
  ])
})

const live = {env: {PATH: kubectl.dir}}

describe('capture in a live cluster', () => {
  it('fetches the rules around the place, and answers as their recording does', async () => {
    const kept = path.join(folder, 'kept')
    const packet = ['--dst', '203.0.113.50:443', '--explain']
    const answer = await runProgram(['capture', 'reviews-v1', '-n', 'bookinfo', ...packet, '--save', kept], live)
    expect(answer.stderr).toBe('fetching the lists of context kind\nfetching the packet rules of node, bookinfo/reviews-v1\n')
    expect(answer.stdout).toContain('CAPTURED: accepted by port 15001 of bookinfo/reviews-v1')
    expect(answer.code).toBe(EXIT_CODES.ok)
    const again = await runProgram(['capture', 'bookinfo/reviews-v1', ...packet, '--snapshot', kept])
    expect(again.stdout).toBe(answer.stdout)
    const recorded = await runProgram(['capture', 'bookinfo/reviews-v1', ...packet, '--snapshot', STATE])
    // The live cluster has no NetworkPolicies; whether the recorded one has is not known.
    expect(answer.stdout.startsWith(recorded.stdout.trimEnd())).toBe(true)
  })

  it('looks over a node, and asks for nothing in its pods', async () => {
    const {stdout, stderr, code} = await runProgram(['capture', 'node'], live)
    expect(stderr).toBe('fetching the lists of context kind\nfetching the packet rules of node\n')
    const recorded = await runProgram(['capture', 'node', '--snapshot', STATE])
    expect({stdout, code}).toEqual({stdout: recorded.stdout, code: recorded.code})
    expect(kubectl.calls().some((call) => String(call).includes('nsenter'))).toBe(false)
  })

  it('says which name is none, and that a place is needed', async () => {
    const unknown = await runProgram(['capture', 'revews-v1', '-n', 'bookinfo', '--dst', '203.0.113.50:443'], live)
    expect(unknown.stderr).toContain('Did you mean')
    expect(unknown.code).toBe(EXIT_CODES.usage)
    const nothing = await runProgram(['capture', '--dst', '203.0.113.50:443'], live)
    expect(nothing.stderr).toContain('PLACE is missing.')
    expect(nothing.code).toBe(EXIT_CODES.usage)
    const both = await runProgram(['capture', 'node', '--snapshot', STATE, '--context', 'kind'], live)
    expect(both.stderr).toContain('This flag is for a live cluster.')
    expect(both.code).toBe(EXIT_CODES.usage)
  })

  it('says what it could not see', async () => {
    kubectl.playAll([
      {when: 'get pods', exit: 1, stderr: 'Error from server (Forbidden): pods is forbidden\n'},
      {when: 'config view', stdout: '{}'},
    ])
    const {stderr, code} = await runProgram(['capture', 'node'], live)
    expect(stderr).toContain('The cluster does not allow list pods')
    expect(code).toBe(EXIT_CODES.external)
  })
})
