import {describe, expect, it} from 'vitest'
import {z} from 'zod'
import type {Finding} from '../../src/flow/finding.js'
import {traceEdited, type Edit} from './edited-cluster.js'

const labels = z.record(z.string(), z.string()).default({})
const object = z.looseObject({metadata: z.looseObject({name: z.string(), labels})})
const list = z.looseObject({items: z.array(object)})
type Item = z.infer<typeof object>

/** Changes the object of a name in a List. */
function item(name: string, edit: (item: Item) => Item): Edit {
  return (document) => {
    const {items, ...rest} = list.parse(document)
    return {...rest, items: items.map((one) => (one.metadata.name === name ? edit(one) : one))}
  }
}

function labelled(name: string, more: Readonly<Record<string, string>>): Edit {
  return item(name, ({metadata, ...rest}) => ({...rest, metadata: {...metadata, labels: {...metadata.labels, ...more}}}))
}

const gone: Edit = () => undefined
const GATEWAYS = 'inventory/gateways.json.gz'
const CLASSES = 'inventory/gatewayclasss.json.gz'
const NAMESPACES = 'inventory/namespaces.json.gz'
const PODS = 'inventory/pods.json.gz'

interface Case {
  readonly name: string
  readonly edits: Readonly<Record<string, Edit>>
  readonly destination?: string
  readonly says: readonly string[]
}

async function waypointFindings({edits, destination = 'details:9080'}: Case): Promise<readonly Finding[]> {
  const {findings = []} = await traceEdited({cluster: 'ga-bookinfo-waypoint-lost', edits, question: {source: 'sleep', destination}})
  return findings.filter(({kind}) => kind === 'waypoint-missing')
}

const ASKS = 'though label istio.io/use-waypoint=waypoint of its namespace asks for one'

describe('why ztunnel knows no waypoint of a service that asks for one', () => {
  const cases: readonly Case[] = [
    {
      name: 'nothing is wrong with its Gateway',
      edits: {},
      says: [
        'no waypoint: ztunnel knows none for service bookinfo/details, but label istio.io/use-waypoint=waypoint of its namespace asks for one',
      ],
    },
    {
      name: 'its Gateway is for workloads',
      edits: {[GATEWAYS]: labelled('waypoint', {'istio.io/waypoint-for': 'workload'})},
      says: [
        `no waypoint for service bookinfo/details: Gateway bookinfo/waypoint is for workloads only (label istio.io/waypoint-for=workload; services need service or all), ${ASKS}`,
      ],
    },
    {
      name: 'the class of its Gateway is for workloads',
      edits: {[CLASSES]: labelled('istio-waypoint', {'istio.io/waypoint-for': 'workload'})},
      says: [
        `no waypoint for service bookinfo/details: Gateway bookinfo/waypoint is for workloads only (label istio.io/waypoint-for=workload; services need service or all), ${ASKS}`,
      ],
    },
    {
      name: 'its Gateway is for nothing',
      edits: {[GATEWAYS]: labelled('waypoint', {'istio.io/waypoint-for': 'none'})},
      says: [
        `no waypoint for service bookinfo/details: Gateway bookinfo/waypoint is for no traffic (label istio.io/waypoint-for=none; services need service or all), ${ASKS}`,
      ],
    },
    {
      name: 'its Gateway was never ready',
      edits: {[GATEWAYS]: item('waypoint', (gateway) => ({...gateway, status: {}}))},
      says: [
        `no waypoint for service bookinfo/details: Gateway bookinfo/waypoint has no address in its status: no pod of it was ready yet, ${ASKS}`,
      ],
    },
    {
      name: 'there is no such Gateway',
      edits: {[NAMESPACES]: labelled('bookinfo', {'istio.io/use-waypoint': 'wp'})},
      says: [
        'no waypoint for service bookinfo/details: there is no Gateway bookinfo/wp, though label istio.io/use-waypoint=wp of its namespace asks for one',
      ],
    },
    {
      name: 'the Gateway of another namespace keeps it out',
      edits: {
        [NAMESPACES]: labelled('bookinfo', {'istio.io/use-waypoint-namespace': 'outside'}),
        [GATEWAYS]: item('waypoint', (gateway) => ({...gateway, metadata: {...gateway.metadata, namespace: 'outside'}})),
      },
      says: [
        `no waypoint for service bookinfo/details: Gateway outside/waypoint admits its own namespace alone (allowedRoutes), not bookinfo, ${ASKS}`,
      ],
    },
    {
      name: 'no Gateways were recorded',
      edits: {[GATEWAYS]: gone},
      says: [
        'no waypoint: ztunnel knows none for service bookinfo/details, but label istio.io/use-waypoint=waypoint of its namespace asks for one; whether Gateway bookinfo/waypoint is for services is not known: no Gateways were recorded (kubectl get gateways -A)',
      ],
    },
    {name: 'nobody asks', edits: {[NAMESPACES]: labelled('bookinfo', {'istio.io/use-waypoint': 'none'})}, says: []},
  ]
  it.each(cases)('$name', async (one) => {
    const findings = await waypointFindings(one)
    expect(findings.map(({text}) => text)).toEqual(one.says)
    expect(findings.every(({fault}) => fault === true)).toBe(true)
  })

  it('points to the Gateway, the service in the dump and the label', async () => {
    const edits = {[GATEWAYS]: labelled('waypoint', {'istio.io/waypoint-for': 'workload'})}
    const [finding] = await waypointFindings({name: '', edits, says: []})
    expect(finding?.evidence.map(({dump}) => dump.split('/').at(-1))).toEqual([
      'gateways.json.gz',
      'ztunnel-node-a.json.gz',
      'namespaces.json.gz',
    ])
  })
})

describe('why ztunnel knows no waypoint of a pod', () => {
  const details = 'details-v1-befd3fe979-e8a82'
  const destination = `pod/${details}:9080`
  const own = labelled(details, {'istio.io/use-waypoint': 'waypoint'})
  const cases: readonly Case[] = [
    {name: 'the namespace asks, which is for services', destination, edits: {}, says: []},
    {name: 'the namespace asks, and nobody knows for what', destination, edits: {[CLASSES]: gone}, says: []},
    {
      name: 'the pod asks, and its Gateway is for services',
      destination,
      edits: {[PODS]: own},
      says: [
        `no waypoint for pod bookinfo/${details}: Gateway bookinfo/waypoint is for services only (no label istio.io/waypoint-for; workloads need workload or all), though label istio.io/use-waypoint=waypoint of the pod asks for one`,
      ],
    },
    {
      name: 'the pod asks, and nobody knows whether its Gateway is for workloads',
      destination,
      edits: {[PODS]: own, [CLASSES]: gone},
      says: [
        `no waypoint: ztunnel knows none for pod bookinfo/${details}, but label istio.io/use-waypoint=waypoint of the pod asks for one; whether Gateway bookinfo/waypoint is for workloads is not known: no GatewayClasses were recorded`,
      ],
    },
    {
      name: 'the namespace asks, and its Gateway is for all traffic',
      destination,
      edits: {[GATEWAYS]: labelled('waypoint', {'istio.io/waypoint-for': 'all'})},
      says: [
        `no waypoint: ztunnel knows none for pod bookinfo/${details}, but label istio.io/use-waypoint=waypoint of its namespace asks for one`,
      ],
    },
  ]
  it.each(cases)('$name', async (one) => {
    expect((await waypointFindings(one)).map(({text}) => text)).toEqual(one.says)
  })
})
