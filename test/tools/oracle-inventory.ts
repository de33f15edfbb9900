import {readFileSync} from 'node:fs'
import {z} from 'zod'

/** The shape `inventory/1` of the recorded 2022 scenarios. */
const port = z.object({name: z.string().optional(), port: z.number(), protocol: z.string()})
const labels = z.record(z.string(), z.string())

const pod = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  serviceAccount: z.string(),
  node: z.string(),
  ips: z.array(z.string()),
  hostNetwork: z.boolean(),
  labels,
  annotations: labels.optional(),
  containerPorts: z.array(port),
})

const service = z.object({
  name: z.string(),
  namespace: z.string(),
  vip: z.string().nullable(),
  selector: labels.nullable(),
  ports: z.array(port.extend({targetPort: z.union([z.number(), z.string()])})),
})

const inventory = z.object({
  schema: z.literal('inventory/1'),
  scenario: z.string(),
  trustDomain: z.string(),
  rootNamespace: z.string(),
  meshConfig: z.record(z.string(), z.unknown()),
  istioConfig: z.string(),
  nodes: z.array(z.object({name: z.string(), ip: z.string(), podCIDR: z.string(), region: z.string(), zone: z.string()})),
  namespaces: z.array(z.object({name: z.string(), labels})),
  pods: z.array(pod),
  services: z.array(service),
})

export type OracleInventory = z.infer<typeof inventory>
export type OraclePod = z.infer<typeof pod>
export type OracleService = z.infer<typeof service>

export function readOracleInventory(path: string): OracleInventory {
  return inventory.parse(JSON.parse(readFileSync(path, 'utf8')))
}
