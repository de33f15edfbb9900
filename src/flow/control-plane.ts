import type {InventorySource} from './inventory.js'

/** What istiod says it tells every ztunnel: its `/debug/ambientz`. */
export interface ControlPlane {
  readonly services: readonly ToldService[]
  readonly workloads: readonly ToldWorkload[]
}

interface Told {
  readonly name: string
  readonly namespace: string
  /** `namespace/hostname` or `network/ip`, as ztunnel prints it. */
  readonly waypoint?: string
  readonly recorded: InventorySource
}

export interface ToldService extends Told {
  readonly hostname: string
}

export interface ToldWorkload extends Told {
  readonly uid: string
  readonly ips: readonly string[]
  readonly healthy: boolean
  /** Keys `namespace/hostname`. */
  readonly services: readonly string[]
}
