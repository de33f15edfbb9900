import {afterAll, afterEach, beforeEach, describe, expect, it, vi} from 'vitest'
import {podDump} from '../../src/cluster/pod-dump.js'
import {describeFailure} from '../../src/flow/errors.js'
import {FakeKubectl} from '../tools/fake-kubectl.js'

const kubectl = new FakeKubectl()
beforeEach(() => {
  vi.stubEnv('PATH', kubectl.dir)
})
afterEach(() => {
  vi.unstubAllEnvs()
})
afterAll(() => {
  kubectl.remove()
})

const DUMP = `{"configs": [${'{"@type": "x/envoy.admin.v3.RoutesConfigDump"}, '.repeat(20)}{}]}`
const FETCH = 'kubectl exec ztunnel-a -c istio-proxy -- curl -s 127.0.0.1:15000/config_dump?include_eds'

async function fetch(pod: string, access = {}, container = 'istio-proxy'): Promise<string> {
  let text = ''
  const dump = podDump({pod, container, access, timeoutMs: 10_000, warn: () => undefined})
  for await (const chunk of dump) text += Buffer.from(chunk).toString()
  return text
}

interface Failing {
  readonly case: string
  readonly scene: Parameters<FakeKubectl['play']>[0]
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
    message: 'The cluster does not allow a command in pod ztunnel-a.',
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
    kubectl.play(scene)
    const failure = describeFailure(await fetch('ztunnel-a').catch((error: unknown) => error))
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
    kubectl.play({stdout: DUMP})
    expect(await fetch(pod)).toBe(DUMP)
    expect(kubectl.args()).toContain(pod.split('/').at(-1))
  })
})

describe('a name that Kubernetes does not allow', () => {
  it.each(refused)('%j runs nothing', async ({pod, access, container}) => {
    kubectl.play({stdout: DUMP})
    await expect(fetch(pod, access, container)).rejects.toMatchObject({family: 'usage'})
    expect(kubectl.args()).toBeUndefined()
  })
})
