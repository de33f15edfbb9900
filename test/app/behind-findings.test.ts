import {describe, expect, it} from 'vitest'
import {z} from 'zod'
import {traceEdited, type Edit} from './edited-cluster.js'

const service = z.looseObject({hostname: z.string(), endpoints: z.record(z.string(), z.unknown())})
const workload = z.looseObject({name: z.string(), workloadIps: z.array(z.string())})
const ztunnel = z.looseObject({services: z.array(service), workloads: z.array(workload)})
const manifest = z.looseObject({files: z.array(z.unknown())})
type Service = z.infer<typeof service>

const POD = 'details-v1-befd3fe979-e8a82'
const ZTUNNEL = 'proxies/istio-system/ztunnel-node-a.json.gz'
const NAMESPACES = 'inventory/namespaces.json.gz'
const AMBIENTZ = 'istiod/istio-system/istiod-1/ambientz.json'

/** Changes what the client's ztunnel knows of service details. */
function details(change: (service: Service) => Service): Edit {
  return (document) => {
    const dump = ztunnel.parse(document)
    return {...dump, services: dump.services.map((one) => (one.hostname.startsWith('details.') ? change(one) : one))}
  }
}

function pods(change: (pod: z.infer<typeof workload>) => readonly z.infer<typeof workload>[]): Edit {
  return (document) => {
    const dump = ztunnel.parse(document)
    return {...dump, workloads: dump.workloads.flatMap((one) => (one.name === POD ? change(one) : [one]))}
  }
}

function base64(ip: string): string {
  return Buffer.from(ip).toString('base64')
}

interface Told {
  readonly waypoint?: object
  readonly pods?: readonly string[]
}

/** What istiod says that it tells, as it prints it. */
function istiod({waypoint, pods: names = [POD]}: Told): Readonly<Record<string, Edit>> {
  const hostname = 'details.bookinfo.svc.cluster.local'
  const told = {
    services: [{name: 'details', namespace: 'bookinfo', hostname, ...(waypoint === undefined ? {} : {waypoint})}],
    workloads: names.map((name) => ({
      uid: `Kubernetes//Pod/bookinfo/${name}`,
      name,
      namespace: 'bookinfo',
      addresses: [base64('10.244.2.22')],
      services: {[`bookinfo/${hostname}`]: {}},
    })),
    policies: [],
  }
  return {
    [AMBIENTZ]: () => told,
    'snapshot.json': (document) => {
      const {files, ...rest} = manifest.parse(document)
      return {...rest, files: [...files, {path: AMBIENTZ, kind: 'istiod-debug'}]}
    },
  }
}

const WAYPOINT = {hostname: {namespace: 'bookinfo', hostname: 'waypoint.bookinfo.svc.cluster.local'}, hboneMtlsPort: 15008}
const unlabelled: Edit = (document) => {
  const {items, ...rest} = z.looseObject({items: z.array(z.looseObject({metadata: z.looseObject({})}))}).parse(document)
  return {...rest, items: items.map((one) => ({...one, metadata: {...one.metadata, labels: {}}}))}
}

interface Case {
  readonly name: string
  readonly edits: Readonly<Record<string, Edit>>
  readonly destination?: string
  readonly says: readonly string[]
}

const withGone = details((one) => ({
  ...one,
  endpoints: {...one.endpoints, g: {workloadUid: 'Kubernetes//Pod/bookinfo/gone', port: {9080: 9080}}},
}))
const withoutEndpoints = details((one) => ({...one, endpoints: {}}))
const withOther = details((one) => ({...one, waypoint: {destination: 'bookinfo/old.bookinfo.svc.cluster.local', hboneMtlsPort: 15008}}))

describe('what the ztunnel of the client is behind on', () => {
  const cases: readonly Case[] = [
    {name: 'nothing', edits: {}, says: []},
    {name: 'nothing, as istiod says', edits: istiod({waypoint: WAYPOINT}), says: []},
    {
      name: 'an endpoint that is gone',
      edits: {[ZTUNNEL]: withGone},
      says: [
        'the ztunnel of node-a is behind on service bookinfo/details: it still has bookinfo/gone as endpoint, which is no pod of the cluster',
      ],
    },
    {
      name: 'an endpoint that istiod does not tell of',
      edits: {[ZTUNNEL]: withGone, ...istiod({waypoint: WAYPOINT})},
      says: [
        'the ztunnel of node-a is behind on service bookinfo/details: it still has bookinfo/gone as endpoint, which istiod does not tell of',
      ],
    },
    {
      name: 'an endpoint of Kubernetes',
      edits: {[ZTUNNEL]: withoutEndpoints},
      says: [
        `the ztunnel of node-a is behind on service bookinfo/details: it does not know endpoint bookinfo/${POD}, which Kubernetes has`,
      ],
    },
    {
      name: 'an endpoint of istiod',
      edits: istiod({waypoint: WAYPOINT, pods: [POD, 'fresh']}),
      says: ['the ztunnel of node-a is behind on service bookinfo/details: it does not know endpoint bookinfo/fresh, which istiod has'],
    },
    {
      name: 'another waypoint than labels ask for',
      edits: {[ZTUNNEL]: withOther},
      says: [
        'the ztunnel of node-a is behind: it has waypoint bookinfo/old for service bookinfo/details, labels ask for bookinfo/waypoint',
      ],
    },
    {
      name: 'a waypoint that nobody asks for',
      edits: {[NAMESPACES]: unlabelled},
      says: ['the ztunnel of node-a is behind: it has waypoint bookinfo/waypoint for service bookinfo/details, which no label asks for'],
    },
    {
      name: 'another waypoint than istiod tells, whatever labels ask for',
      edits: {[ZTUNNEL]: withOther, ...istiod({waypoint: WAYPOINT})},
      says: ['the ztunnel of node-a is behind: it has waypoint bookinfo/old for service bookinfo/details, istiod says bookinfo/waypoint'],
    },
    {
      name: 'a pod',
      destination: `pod/${POD}:9080`,
      edits: {[ZTUNNEL]: pods(() => [])},
      says: [`the ztunnel of node-a is behind: it does not know pod bookinfo/${POD}, so the connection is passed through in plaintext`],
    },
    {
      name: 'the address of a pod',
      destination: `pod/${POD}:9080`,
      edits: {[ZTUNNEL]: pods((pod) => [{...pod, workloadIps: ['10.244.2.99']}])},
      says: [
        `the ztunnel of node-a is behind: it has 10.244.2.99 as address of pod bookinfo/${POD}, which has 10.244.2.22, so the connection is passed through in plaintext`,
      ],
    },
  ]
  it.each(cases)('$name', async ({edits, destination = 'details:9080', says}) => {
    const {findings = []} = await traceEdited({cluster: 'ga-bookinfo', edits, question: {source: 'sleep', destination}})
    const behind = findings.filter(({kind}) => kind === 'ztunnel-behind')
    expect(behind.map(({text}) => text)).toEqual(says)
    expect(behind.every(({fault, evidence}) => fault === true && evidence.length >= 2)).toBe(true)
  })
})
