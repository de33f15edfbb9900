import {describe, expect, it} from 'vitest'
import {podDump, type PodDumpRequest} from '../../src/cluster/pod-dump.js'
import {describeFailure} from '../../src/flow/errors.js'
import type {Rule} from '../tools/fake-kubectl.js'
import {podList, waypointPod, ztunnelPod, type PodFacts} from '../tools/pod-lists.js'
import {kubectlOnPath} from './kubectl-on-path.js'

const kubectl = kubectlOnPath()

const DUMP = `{"configs": [${'{"@type": "x/envoy.admin.v3.RoutesConfigDump"}, '.repeat(20)}{}]}`
const ZTUNNEL: PodFacts = {name: 'ztunnel-a', namespace: 'istio-system', labels: {'ambient-type': 'ztunnel'}, image: 'istio/proxyv2:x'}
const LIST: Rule = {when: 'get pods', stdout: podList(ZTUNNEL)}
const FETCH = 'kubectl --namespace=istio-system exec ztunnel-a -c istio-proxy -- curl -s 127.0.0.1:15000/config_dump?include_eds'

async function fetch(pod: string, access = {}, options: Partial<PodDumpRequest> = {}): Promise<string> {
  let text = ''
  const dump = podDump({pod, access, timeoutMs: 20_000, warn: () => undefined, ...options})
  for await (const chunk of dump) text += Buffer.from(chunk).toString()
  return text
}

interface Failing {
  readonly case: string
  readonly scene: Omit<Rule, 'when'>
  readonly message: string
  readonly help: RegExp
}

const failing: readonly Failing[] = [
  {
    case: 'no such pod',
    scene: {exit: 1, stderr: 'Error from server (NotFound): pods "ztunnel-a" not found\n'},
    message: 'There is no pod ztunnel-a.',
    help: /-n/,
  },
  {
    case: 'no such container',
    scene: {exit: 1, stderr: 'error: container istio-proxy is not valid for pod ztunnel-a out of: app\n'},
    message: 'Pod ztunnel-a has no container istio-proxy.',
    help: /--container/,
  },
  {
    case: 'no curl in the image',
    scene: {exit: 126, stderr: 'error: Internal error occurred: exec failed: "curl": executable file not found in $PATH: unknown\n'},
    message: 'The image of container istio-proxy in pod ztunnel-a has no curl.',
    help: /port-forward/,
  },
  {
    case: 'nothing on the admin port',
    scene: {exit: 7, stderr: 'command terminated with exit code 7\n'},
    message: 'Nothing answers on the admin port 15000 in container istio-proxy of pod ztunnel-a.',
    help: /--container/,
  },
  {
    case: 'no right to exec',
    scene: {exit: 1, stderr: 'Error from server (Forbidden): pods "ztunnel-a" is forbidden: User "x" cannot create resource "pods/exec"\n'},
    message: 'The cluster does not allow create pods/exec.',
    help: /auth can-i/,
  },
  {
    case: 'no such context',
    scene: {exit: 1, stderr: 'error: context "nope" does not exist\n'},
    message: 'kubectl cannot use this kubeconfig.',
    help: /--context/,
  },
  {
    case: 'no cluster',
    scene: {exit: 1, stderr: 'Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout\n'},
    message: 'The cluster cannot be reached.',
    help: /--snapshot/,
  },
  {
    case: 'connection lost',
    scene: {stdout: DUMP.slice(0, 200), exit: 1, stderr: 'error: unexpected EOF\n'},
    message: 'The connection to the pod was lost, after 200 bytes.',
    help: /again/,
  },
  {case: 'cut without an error', scene: {stdout: DUMP.slice(0, 200)}, message: 'The dump breaks off after 200 bytes.', help: /again/},
  {case: 'no answer', scene: {stdout: ''}, message: 'The proxy answered nothing.', help: /--container/},
  {case: 'another answer', scene: {stdout: '<html>404</html>'}, message: 'The answer of the proxy is no config dump.', help: /--container/},
  {case: 'anything else', scene: {exit: 3, stderr: 'error: strange\n'}, message: 'kubectl failed.', help: /by hand/},
]

describe('a dump that cannot be had', () => {
  it.each(failing)('$case', async ({scene, message, help}) => {
    kubectl.playAll([LIST, {when: 'exec', ...scene}])
    const failure = describeFailure(await fetch('ztunnel-a', {}, {transport: 'exec-curl'}).catch((error: unknown) => error))
    expect(failure).toMatchObject({kind: 'external', message, where: FETCH})
    expect(failure.help).toMatch(help)
    expect(failure.got ?? '').toContain(scene.stderr?.trim() ?? '')
  })
})

interface Refused {
  readonly pod: string
  readonly access?: object
  readonly container?: string
}

const refused: readonly Refused[] = [
  {pod: '-x'},
  {pod: '--kubeconfig=/x'},
  {pod: 'Pod'},
  {pod: 'a/b/c'},
  {pod: 'a_b'},
  {pod: 'ns/'},
  {pod: '/pod'},
  {pod: 'a..b'},
  {pod: ''},
  {pod: 'a\nb'},
  {pod: `${'a.'.repeat(130)}a`},
  {pod: 'ns-1/a', access: {namespace: 'ns-2'}},
  {pod: 'a', access: {namespace: '-x'}},
  {pod: 'a', access: {namespace: 'a.b'}},
  {pod: 'a', access: {context: '-x'}},
  {pod: 'a', access: {context: 'a\0b'}},
  {pod: 'a', access: {kubeconfig: ''}},
  {pod: 'a', container: 'b;c'},
]

describe('a name that Kubernetes allows', () => {
  it.each(['a', 'a.b-1.c', 'a'.repeat(100), 'ns/a'])('%s is passed on', async (pod) => {
    const [name = '', namespace] = pod.split('/').reverse()
    kubectl.playAll([
      {when: 'get pods', stdout: podList({...ZTUNNEL, name, namespace: namespace ?? 'default'})},
      {when: 'exec', stdout: DUMP},
    ])
    expect(await fetch(pod)).toBe(DUMP)
    expect(kubectl.args()).toEqual(expect.arrayContaining([name, ...(namespace === undefined ? [] : [`--namespace=${namespace}`])]))
  })
})

describe('a name that Kubernetes does not allow', () => {
  it.each(refused)('%j runs nothing', async ({pod, access, container}) => {
    kubectl.play({stdout: DUMP})
    await expect(fetch(pod, access, {container})).rejects.toMatchObject({family: 'usage'})
    expect(kubectl.args()).toBeUndefined()
  })
})

/** An application answers nothing on the admin port, and what is not there cannot be entered. */
function entering({name, namespace = 'default', container = 'istio-proxy', labels}: PodFacts): Rule {
  const where = namespace === 'default' ? '(--namespace=default )?' : `--namespace=${namespace} `
  const answer = labels === undefined ? {exit: 7, stderr: 'command terminated with exit code 7\n'} : {stdout: DUMP}
  return {when: `^${where}exec ${name} -c (${container}|mine) `, ...answer}
}

const NOT_FOUND: Rule = {when: 'exec', exit: 1, stderr: 'Error from server (NotFound): pods "w" not found\n'}

describe('a pod', () => {
  const fetchAmong = async (
    pods: readonly PodFacts[],
    {pod, ...options}: Partial<PodDumpRequest> & {pod: string},
  ): Promise<readonly string[]> => {
    const notes: string[] = []
    const [here, all] = [pods.filter(({namespace = 'default'}) => namespace === 'default'), pods]
    kubectl.playAll([
      {when: 'get pods --all-namespaces', stdout: podList(...all)},
      {when: 'get pods', stdout: podList(...here)},
      {when: 'port-forward', serve: {body: DUMP}},
      ...pods.map(entering),
      NOT_FOUND,
    ])
    expect(await fetch(pod, {}, {warn: (note) => notes.push(note), ...options})).toBe(DUMP)
    return notes
  }
  const lastCall = (): string => [kubectl.args()].flat().join(' ')

  it('is found in the namespace of the context, else in any', async () => {
    await fetchAmong([{...waypointPod('w'), namespace: 'default'}], {pod: 'w'})
    expect(kubectl.calls()).toHaveLength(1)
    expect(await fetchAmong([waypointPod('w')], {pod: 'w'})).toEqual([])
    expect(kubectl.calls()[2]).toEqual(['get', 'pods', '--all-namespaces', '--field-selector=metadata.name=w', '--output=json'])
    expect(lastCall()).toContain('--namespace=apps exec w -c istio-proxy')
  })

  it('is asked where its container tells', async () => {
    await fetchAmong([{...waypointPod('w'), container: 'proxy'}], {pod: 'w'})
    expect(lastCall()).toContain('exec w -c proxy --')
    await fetchAmong([waypointPod('w')], {pod: 'w', container: 'mine'})
    expect(lastCall()).toContain('exec w -c mine --')
  })

  it('that is a Rust ztunnel is asked through a forwarded port', async () => {
    await fetchAmong([ztunnelPod('z')], {pod: 'z'})
    expect(lastCall()).toBe('--namespace=istio-system port-forward pod/z :15000')
  })

  it('without a proxy stands for the ztunnel of its node', async () => {
    const pods = [{name: 'sleep', node: 'n2'}, ztunnelPod('z-1'), {...ztunnelPod('z-2'), node: 'n2'}]
    expect(await fetchAmong(pods, {pod: 'sleep'})).toEqual([
      'pod default/sleep has no proxy of its own: this is ztunnel istio-system/z-2 of its node n2',
    ])
    expect(lastCall()).toContain('pod/z-2')
  })

  it('of a deployment is one that runs', async () => {
    const labels = {...waypointPod('').labels, 'pod-template-hash': 'abc'}
    const pods = ['w-1', 'w-2'].map((name) => ({
      ...waypointPod(name),
      labels,
      owner: 'w-abc',
      phase: name === 'w-2' ? 'Running' : 'Pending',
    }))
    expect(await fetchAmong(pods, {pod: 'deploy/w'})).toEqual(['deploy/w has 2 pods: this is w-2'])
    expect(lastCall()).toContain('exec w-2')
  })

  it('in several namespaces is ambiguous, and one in none is absent', async () => {
    const twice = [waypointPod('w'), {...waypointPod('w'), namespace: 'shop'}]
    const failed = await fetchAmong(twice, {pod: 'w'}).catch((error: unknown) => error)
    expect(describeFailure(failed)).toMatchObject({kind: 'usage', expected: 'one of apps/w, shop/w'})
    const absent = await fetchAmong([], {pod: 'w'}).catch((error: unknown) => error)
    expect(describeFailure(absent)).toMatchObject({kind: 'external', message: 'There is no pod w in any namespace.'})
  })

  it('is taken by its name where pods may not be listed', async () => {
    kubectl.playAll([
      {when: 'get pods', exit: 1, stderr: 'Error from server (Forbidden): pods is forbidden\n'},
      {when: 'port-forward', serve: {body: DUMP}},
    ])
    const notes: string[] = []
    expect(await fetch('apps/w', {}, {warn: (note) => notes.push(note), transport: 'port-forward'})).toBe(DUMP)
    expect(notes).toEqual(['pods may not be listed: w is taken for the pod of a proxy'])
    expect(lastCall()).toContain('--namespace=apps port-forward pod/w')
  })

  it('called otherwise than a ztunnel is asked at once, and what it lacks is not asked for twice', async () => {
    const noCurl: Rule = {when: '-- curl', exit: 126, stderr: 'exec: "curl": executable file not found in $PATH: unknown\n'}
    kubectl.playAll([noCurl, {when: 'get pods', stdout: podList(waypointPod('w'))}, {when: 'pilot-agent', stdout: DUMP}])
    const notes: string[] = []
    expect(await fetch('apps/w', {}, {warn: (note) => notes.push(note)})).toBe(DUMP)
    expect(notes).toEqual(['pod apps/w was asked by pilot-agent: exec-curl: The image of container istio-proxy in pod w has no curl'])
    const asked = kubectl.calls().map((args) => [args].flat().join(' '))
    expect(asked.map((text) => /get pods|curl|pilot-agent/.exec(text)?.[0])).toEqual(['curl', 'get pods', 'pilot-agent'])
  })

  it.each([
    {
      case: 'no login',
      stderr: 'error: You must be logged in to the server (Unauthorized)\n',
      message: 'The cluster does not accept the login.',
    },
    {case: 'no cluster', stderr: 'Unable to connect to the server: dial tcp: i/o timeout\n', message: 'The cluster cannot be reached.'},
  ])('is not looked for where there is $case', async ({stderr, message}) => {
    kubectl.playAll([{when: '', exit: 1, stderr}])
    const failed = await fetch('apps/w').catch((error: unknown) => error)
    expect(describeFailure(failed)).toMatchObject({kind: 'external', message})
    expect(kubectl.calls().every((args) => [args].flat().includes('exec'))).toBe(true)
  })
})
