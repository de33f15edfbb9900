import {describe, expect, it} from 'vitest'
import {z} from 'zod'
import {traceEdited, type Edit} from './edited-cluster.js'

const service = z.looseObject({hostname: z.string()})
const ztunnel = z.looseObject({services: z.array(service)})

/** Changes one service in what the client's ztunnel knows. */
function services(name: string, more: Readonly<Record<string, unknown>>): Edit {
  return (document) => {
    const dump = ztunnel.parse(document)
    return {...dump, services: dump.services.map((one) => (one.hostname.startsWith(`${name}.`) ? {...one, ...more} : one))}
  }
}

const gateway = (host: string): object => ({destination: host, hboneMtlsPort: 15_008})
const AROUND = 'ztunnel fails every connection, it never goes round a waypoint'

describe('a waypoint that ztunnel cannot use', () => {
  it.each([
    {
      name: 'its service has no endpoints',
      edit: services('barn', {}),
      says: [`waypoint orchard/hole has no ready pod (0 endpoints): ${AROUND}`],
    },
    {
      name: 'nobody has its name',
      edit: services('barn', {waypoint: gateway('orchard/none.orchard.svc.cluster.local')}),
      says: [`there is no waypoint orchard/none.orchard.svc.cluster.local: ztunnel knows no such service: ${AROUND}`],
    },
    {
      name: 'its service does not declare the port',
      edit: services('hole', {ports: {15_021: 15_021}, endpoints: {gone: {workloadUid: 'gone', port: {}, status: 'Healthy'}}}),
      says: [`waypoint orchard/hole has 1 endpoint, none of them usable (declared ports: 15021): ${AROUND}`],
    },
    {
      name: 'it is named by the address of its service',
      edit: services('barn', {waypoint: gateway('/10.92.0.3')}),
      says: [`waypoint orchard/hole has no ready pod (0 endpoints): ${AROUND}`],
    },
    {
      name: 'one of two, by weight',
      edit: services('barn', {
        weightedWaypoints: [
          {destination: gateway('orchard/hole.orchard.svc.cluster.local'), weight: 1},
          {destination: gateway('orchard/fence.orchard.svc.cluster.local'), weight: 1},
        ],
      }),
      says: [
        'waypoint orchard/hole has no ready pod (0 endpoints): ztunnel fails its share of the connections, it never goes round a waypoint',
      ],
    },
    {name: 'none: it can', edit: services('barn', {waypoint: gateway('orchard/fence.orchard.svc.cluster.local')}), says: []},
  ])('$name', async ({edit, says}) => {
    const {findings = []} = await traceEdited({
      cluster: 'ga-orchard',
      edits: {'proxies/istio-system/ztunnel-row-1.json.gz': edit},
      question: {source: 'market/buyer', destination: 'barn.orchard:80'},
    })
    expect(findings.filter(({kind}) => kind === 'waypoint-unusable').map(({text}) => text)).toEqual(says)
  })
})
