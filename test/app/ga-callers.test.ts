import {describe, expect, it} from 'vitest'
import type {Question, Trace} from '../../src/flow/trace.js'
import {openMesh} from '../../src/app/mesh.js'
import {traceQuestion} from '../../src/app/trace.js'
import {openGaScenario} from './ga-scenario.js'

// ambient-ga D.8, J.10: who calls decides in which world a connection is, and how the callee is called whether a waypoint is passed.

const gateways = openGaScenario('ingress-and-sidecar', {layer: 'istiod'})
const AMBIENT = 'mesh/sleep-efa7867dfe-171ab'
const SIDECAR = 'old/cli-v1-7f4c59494c-39c04'
const UNCAPTURED = 'bare/curl-ad2d154f7d-9a68a'
const HOST = 'mesh/hostnet-x'
const POD = '10.40.1.31:8080'

async function ask(source: string, destination: string, more: Partial<Question> = {}): Promise<Trace> {
  return traceQuestion(await gateways, {question: {source, destination, method: 'GET', ...more}})
}

/** Every way through the trace, as the kinds of its places; nodes and the listeners inside one proxy are left out. */
function ways({hops, start}: Trace): readonly string[] {
  const from = (id: string): readonly (readonly string[])[] => {
    const hop = hops[id]
    if (hop === undefined) return [[]]
    const rest = hop.next.flatMap(({to}) => from(to))
    const own = `${hop.place.kind} ${hop.place.name}`
    return hop.place.kind === 'node' ? rest : rest.map((way) => (way[0] === own ? way : [own, ...way]))
  }
  return [...new Set(from(start).map((way) => way.map((place) => place.split(' ')[0]).join(' > ')))].toSorted()
}

/** What the hops say about capture and waypoints. */
function reasons({hops}: Trace): readonly string[] {
  return Object.values(hops).flatMap(({steps, next}) =>
    [...steps, ...next.flatMap((branch) => branch.steps)].flatMap((step) => {
      if (step.kind === 'waypoint') return [step.effect, ...step.because]
      return step.kind === 'capture' || step.kind === 'load-balance' ? [step.because, 'effect' in step ? step.effect : ''].flat() : []
    }),
  )
}

interface Row {
  readonly who: string
  readonly how: string
  readonly asked: readonly [string, string]
  readonly more?: Partial<Question>
  readonly kind: Trace['flow']['clientKind']
  readonly ways: readonly string[]
  /** Part of what says why. */
  readonly why: string
}

const THROUGH_WAYPOINT = 'app > ztunnel > waypoint > ztunnel > app'
const L4_ONLY = 'app > ztunnel > app'

const rows: readonly Row[] = [
  {
    who: 'an ambient pod',
    how: 'by VIP',
    asked: [AMBIENT, '10.50.0.10:80'],
    kind: 'ambient',
    ways: [THROUGH_WAYPOINT],
    why: 'source captured: workloadState',
  },
  {
    who: 'an ambient pod',
    how: 'by host name',
    asked: [AMBIENT, 'a.mesh:80'],
    kind: 'ambient',
    ways: [THROUGH_WAYPOINT],
    why: 'source captured: workloadState',
  },
  {
    who: 'an ambient pod',
    how: 'by pod address',
    asked: [AMBIENT, '10.40.2.31:8080'],
    kind: 'ambient',
    ways: ['app > ztunnel > ztunnel > app'],
    why: 'addressed by pod IP: a waypoint of its services does not count',
  },
  {
    who: 'an ambient pod',
    how: 'a service that opted out',
    asked: [AMBIENT, 'mixed.mesh:80'],
    kind: 'ambient',
    ways: ['app > ztunnel > app'],
    why: 'addressed by VIP: only a waypoint of the service counts',
  },
  {
    who: 'an ambient pod',
    how: 'a pod of the host network, through the waypoint',
    asked: [AMBIENT, 'hostnet.mesh:9100'],
    kind: 'ambient',
    ways: ['app > ztunnel > waypoint > app'],
    why: 'source captured: workloadState',
  },
  {
    who: 'an ambient pod',
    how: 'a sidecar that takes HBONE',
    asked: [AMBIENT, 'hbsrv.old:80'],
    kind: 'ambient',
    ways: ['app > ztunnel > sidecar > app'],
    why: 'ztunnel knows no waypoint of service old/hbsrv',
  },
  {
    who: 'a sidecar',
    how: 'by VIP',
    asked: [SIDECAR, 'a.mesh:80'],
    kind: 'sidecar',
    ways: ['app > sidecar > ztunnel > app'],
    why: 'target captured: workloadState',
  },
  {
    who: 'a sidecar',
    how: 'by pod address, in plaintext',
    asked: [SIDECAR, POD],
    kind: 'sidecar',
    ways: ['app > sidecar > ztunnel > app'],
    why: 'target captured: workloadState',
  },
  {
    who: 'an ingress gateway',
    how: 'a service with ingress-use-waypoint',
    asked: ['external', '10.40.1.2:80'],
    more: {host: 'app.example.com', path: '/a/1'},
    kind: 'outside',
    ways: ['outside > gateway > waypoint > ztunnel > app'],
    why: 'target captured: workloadState',
  },
  {
    who: 'an ingress gateway',
    how: 'a service without it',
    asked: ['external', '10.40.1.2:80'],
    more: {host: 'app.example.com', path: '/b/1'},
    kind: 'outside',
    ways: ['outside > gateway > ztunnel > app'],
    why: 'target captured: workloadState',
  },
  {who: 'an uncaptured pod', how: 'by VIP', asked: [UNCAPTURED, 'a.mesh:80'], kind: 'uncaptured', ways: [L4_ONLY], why: 'kube-proxy'},
  {
    who: 'an uncaptured pod',
    how: 'by pod address',
    asked: [UNCAPTURED, POD],
    kind: 'uncaptured',
    ways: [L4_ONLY],
    why: 'source not captured: workloadState',
  },
  {
    who: 'a pod of the host network',
    how: 'by VIP: pods of its own node are reached as a probe reaches them',
    asked: [HOST, 'a.mesh:80'],
    kind: 'uncaptured',
    ways: ['app > app', L4_ONLY],
    why: 'comes from the node itself',
  },
  {
    who: 'a pod of the host network',
    how: 'by the address of a pod of another node',
    asked: [HOST, POD],
    kind: 'uncaptured',
    ways: [L4_ONLY],
    why: 'target captured: workloadState',
  },
  {who: 'a node', how: 'by VIP', asked: ['node/n2', 'a.mesh:80'], kind: 'uncaptured', ways: ['app > app', L4_ONLY], why: 'kube-proxy'},
  {
    who: 'somebody outside',
    how: 'by VIP',
    asked: ['external', 'a.mesh:80'],
    kind: 'outside',
    ways: ['outside > ztunnel > app'],
    why: 'kube-proxy',
  },
  {
    who: 'somebody outside',
    how: 'by pod address',
    asked: ['external', POD],
    kind: 'outside',
    ways: ['outside > ztunnel > app'],
    why: 'target captured: workloadState',
  },
]

describe('who calls, and how', () => {
  it.each(rows)('$who, $how', async ({asked, more, kind, ways: expected, why}) => {
    const trace = await ask(...asked, more)
    expect(trace.flow.clientKind).toBe(kind)
    expect(ways(trace)).toEqual(expected)
    expect(reasons(trace).some((reason) => reason.includes(why))).toBe(true)
  })

  it('G20: sidecars and gateways go past the waypoint of a service, and the trace says so', async () => {
    const findings = async (trace: Promise<Trace>): Promise<readonly string[]> => ((await trace).findings ?? []).map(({kind}) => kind)
    expect(await findings(ask(SIDECAR, 'a.mesh:80'))).toContain('client-sidecar')
    expect(await findings(ask('external', '10.40.1.2:80', {host: 'app.example.com', path: '/b/1'}))).toContain('gateway-bypasses-waypoint')
    expect(await findings(ask(UNCAPTURED, 'a.mesh:80'))).toContain('client-uncaptured')
    expect(await findings(ask(AMBIENT, 'a.mesh:80'))).not.toContain('waypoint-bypassed')
  })

  it('G16: endpoints outside the mesh get plaintext, the captured ones HBONE', async () => {
    const trace = await ask('external', '10.40.1.2:80', {host: 'app.example.com', path: '/mixed'})
    expect(ways(trace)).toEqual(['outside > gateway > app', 'outside > gateway > ztunnel > app'])
  })
})

describe('waypoints of other makers', () => {
  const canary = openGaScenario('canary-waypoint', {layer: 'istiod'})

  it('G31: agentgateway is no Envoy: the way there is known, what it does is not', async () => {
    const trace = await traceQuestion(await canary, {question: {source: 'lab/cli-b34b0f4bcb-a128c', destination: 'svc.agw:80'}})
    expect(ways(trace)).toEqual(['app > ztunnel > waypoint'])
    expect(trace.verdict.kind).toBe('undetermined')
    expect(trace.missing).toEqual([
      {
        what: 'decisions of waypoint agw/agent-20b9d6c060-5a428: its class istio-agentgateway-waypoint is not built on Envoy, and its configuration cannot be read',
      },
    ])
  })

  it('G31: nothing is delivered to a pod that is dialled by HBONE and has no labels of a proxy', async () => {
    const mesh = await canary
    const {directory} = mesh
    const pods = (mesh.snapshot.inventory?.pods ?? []).map((pod) => (pod.namespace === 'agw' ? {...pod, labels: new Map()} : pod))
    expect(directory.workloads.find(({namespace, name}) => namespace === 'agw' && name.startsWith('agent'))?.role).toBe('waypoint')

    const unlabelled = await openMesh({...mesh.snapshot, inventory: {...mesh.snapshot.inventory, pods}})
    const trace = await traceQuestion(unlabelled, {question: {source: 'lab/cli-b34b0f4bcb-a128c', destination: 'svc.agw:80'}})
    expect(trace.verdict.kind).toBe('undetermined')
    expect(trace.missing[0]?.what).toContain('what ends the HBONE tunnel at 10.60.2.81:15008')
  })
})
