import {readFileSync} from 'node:fs'
import {z} from 'zod'

/** `inventory.json` of the recorded whole paths: what is needed beside the applied objects. */
const pod = z.looseObject({
  name: z.string(),
  namespace: z.string(),
  node: z.string().nullish(),
  ips: z.array(z.string()),
  applicationListens: z.array(z.number()).optional(),
  hostNetwork: z.boolean().optional(),
  running: z.boolean().optional(),
})

const cluster = z.looseObject({
  cluster: z.string(),
  nodes: z.array(z.looseObject({name: z.string()})),
  pods: z.array(pod),
})

const inventory = z.looseObject({
  scenario: z.string(),
  clusters: z.array(cluster),
  proxies: z.array(z.looseObject({pod: z.string(), namespace: z.string(), dump: z.string()})),
  ztunnels: z.array(z.looseObject({node: z.string(), dump: z.string()})),
  outsideWorld: z.looseObject({ips: z.array(z.string()), listens: z.array(z.number())}).optional(),
})

export type GaInventory = z.infer<typeof inventory>
export type GaCluster = z.infer<typeof cluster>

export function readGaInventory(path: string): GaInventory {
  return inventory.parse(JSON.parse(readFileSync(path, 'utf8')))
}
