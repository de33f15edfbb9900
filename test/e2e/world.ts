import {readdirSync, readFileSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import path from 'node:path'
import {gunzipSync} from 'node:zlib'
import {z} from 'zod'
import {writeSynthetic} from '../bench/synthetic.js'
import {create, type Api, type ApiObject} from './api.js'
import type {PodBehaviour} from './node.js'

const RECORDED = path.resolve('fixtures/clusters/ga-orchard')
/** What `dump` must carry (`docs/performance.md`). */
const HUGE_BYTES = 200 * 1024 * 1024
export const MANY = 50

/** The pods that a node can be asked to enter: the proxies of a recorded cluster, and a laboratory of others. */
export async function behaviours(folder: string): Promise<readonly PodBehaviour[]> {
  const small = path.join(folder, 'small.json')
  const huge = path.join(folder, 'huge.json')
  await writeFile(small, dumpText('small', 200_000))
  writeSynthetic(huge, HUGE_BYTES)
  const lab = {namespace: 'lab', dump: small, programs: [], forwards: false} as const
  const many = Array.from({length: MANY}, (_, index) => `many-${String(index).padStart(2, '0')}`)
  return [
    ...(await recordedProxies(folder)),
    {...lab, name: 'curl-only', programs: ['curl']},
    {...lab, name: 'agent-only', programs: ['pilot-agent']},
    {...lab, name: 'forward-only', forwards: true},
    {...lab, name: 'closed'},
    {...lab, name: 'slow', programs: ['curl'], pace: 'slow'},
    {...lab, name: 'drip', programs: ['curl'], pace: 'drip'},
    {...lab, name: 'huge', programs: ['curl'], forwards: true, dump: huge},
    {...lab, name: 'steady', programs: ['curl'], forwards: true, dump: huge, pace: 'steady'},
    ...['east', 'west'].map((namespace): PodBehaviour => ({...lab, namespace, name: 'twin', programs: ['curl']})),
    ...many.map((name): PodBehaviour => ({...lab, namespace: 'many', name, programs: ['curl']})),
  ]
}

/** ztunnels are distroless and can only be forwarded; waypoints have pilot-agent. */
async function recordedProxies(folder: string): Promise<readonly PodBehaviour[]> {
  const found: PodBehaviour[] = []
  for (const namespace of readdirSync(path.join(RECORDED, 'proxies'))) {
    for (const file of readdirSync(path.join(RECORDED, 'proxies', namespace))) {
      const name = file.replace(/\.json\.gz$/, '')
      const dump = path.join(folder, `${name}.json`)
      await writeFile(dump, gunzipSync(readFileSync(path.join(RECORDED, 'proxies', namespace, file))))
      const isZtunnel = name.startsWith('ztunnel')
      found.push({namespace, name, dump, programs: isZtunnel ? [] : ['pilot-agent'], forwards: isZtunnel})
    }
  }
  return found
}

/** Everything the API server is to list: the recorded inventory, and the laboratory on a node of its own. */
export async function populate(
  api: Api,
  {kwokPort, pods}: {readonly kwokPort: number; readonly pods: readonly PodBehaviour[]},
): Promise<void> {
  const node = (object: ApiObject): ApiObject => ({...object, status: nodeStatus(kwokPort)})
  const lists = ['namespaces', 'nodes', 'serviceaccounts', 'services', 'endpointslices', 'pods'].map(recordedList)
  const [namespaces = [], nodes = [], ...others] = lists
  const names = ['lab', 'east', 'west', 'many'].map((name) => ({apiVersion: 'v1', kind: 'Namespace', metadata: {name}}))
  const own = nodes.concat({apiVersion: 'v1', kind: 'Node', metadata: {name: 'lab-node'}}).map(node)
  const laboratory = pods.filter(({namespace}) => ['lab', 'east', 'west', 'many'].includes(namespace)).map(laboratoryPod)
  for (const object of [...namespaces, ...names, ...own, ...others.flat(), ...laboratory]) await create(api, object)
}

function nodeStatus(port: number): object {
  return {
    addresses: [{type: 'InternalIP', address: '127.0.0.1'}],
    daemonEndpoints: {kubeletEndpoint: {Port: port}},
    conditions: [{type: 'Ready', status: 'True', reason: 'e2e', message: ''}],
  }
}

/** Waypoints in `many`, which every recording fetches; elsewhere sidecars, which only who asks for them gets. */
function laboratoryPod({namespace, name}: PodBehaviour): ApiObject & {readonly spec: object} {
  const labels = namespace === 'many' ? {'gateway.istio.io/managed': 'istio.io-mesh-controller'} : {'security.istio.io/tlsMode': 'istio'}
  const metadata = {name, namespace, labels}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: {nodeName: 'lab-node', containers: [{name: 'istio-proxy', image: 'istio/proxyv2:1.26.0'}]},
    status: {phase: 'Running', conditions: [{type: 'Ready', status: 'True'}]},
  }
}

const UID = '00000000-0000-4000-8000-000000000001'

/** What an API server insists on and a recording may leave out. */
const podSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.exactOptional(z.string()),
    ownerReferences: z.exactOptional(z.array(z.looseObject({uid: z.string().default(UID)}))),
  }),
  spec: z.exactOptional(z.looseObject({containers: z.exactOptional(z.array(z.looseObject({image: z.string().default('istio/ztunnel')})))})),
})

const listSchema = z.looseObject({items: z.array(podSchema.extend({apiVersion: z.string(), kind: z.string()}))})

function recordedList(kind: string): readonly ApiObject[] {
  const packed = readFileSync(path.join(RECORDED, 'inventory', `${kind}.json.gz`))
  return listSchema.parse(JSON.parse(gunzipSync(packed).toString('utf8'))).items
}

const HEAD = '{"configs": [\n {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [\n'

function cluster(index: number): string {
  return `  {"version_info": "${index}", "cluster": {"name": "outbound|80||service-${index}.ns.svc.cluster.local", "type": "EDS", "connect_timeout": "10s"}}`
}

function dumpText(name: string, bytes: number): string {
  const count = Math.ceil(bytes / cluster(0).length)
  const clusters = Array.from({length: count}, (_, index) => cluster(index)).join(',\n')
  return `${HEAD}${clusters}\n ]}, {"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {"node": {"id": "${name}"}}}]}\n`
}
