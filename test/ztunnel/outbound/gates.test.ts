import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {SocketAddress} from '../../../src/flow/address.js'
import {isObject} from '../../../src/json/view.js'
import {semanticsOf, type Semantics} from '../../../src/ztunnel/semantics.js'
import {answerOf, CLIENT_IP, configFor, mesh, outcomesOf, RELEASES, target, type World} from './worlds.js'

// ambient-ga B.9, as I and K correct it: what a release decides otherwise than the one before, and nothing else.

interface Gate {
  /** The first release, 1.N, that decides so. */
  readonly first: number
  /** What the engine calls it. */
  readonly flag: keyof Semantics
  readonly what: string
  /** Whether a mesh and a dialled address can meet it at all. */
  readonly concerns: (world: World, dialled: SocketAddress) => boolean
}

const GATES: readonly Gate[] = [
  {first: 22, flag: 'serviceWaypoints', what: 'services with waypoints, and errors instead of passthrough (K.7)', concerns: () => true},
  {
    first: 23,
    flag: 'gatewayHostnames',
    what: 'hostnames of services name waypoints (K.7)',
    concerns: (world) => gateways(world).some(isHostname),
  },
  {
    first: 23,
    flag: 'gatewayHostnames',
    what: 'an unknown waypoint is named by its whole reference (K.7)',
    concerns: (world) => gateways(world).some(isAddress),
  },
  {first: 23, flag: 'anyFamily', what: 'the family of the target is kept (K.7)', concerns: ({workloads}) => workloads.some(isDual)},
  {
    first: 23,
    flag: 'recursionCheck',
    what: 'its own ports on the loopback device are refused (B.0)',
    concerns: (_, {ip}) => ip.startsWith('127.'),
  },
  {
    first: 23,
    flag: 'tunnelledWaypointPorts',
    what: 'an application tunnel needs no port (K.7)',
    concerns: ({workloads}) => workloads.some(isTunnelled),
  },
  {
    first: 24,
    flag: 'rankedAddresses',
    what: 'workloads at one address are ranked (B.1)',
    concerns: ({workloads}) => isShared(workloads, 'workloadIps'),
  },
  {
    first: 24,
    flag: 'gatewayHostnames',
    what: 'hostnames of workloads name waypoints (K.7)',
    concerns: (world) => gateways(world).some(isHostname),
  },
  {
    first: 24,
    flag: 'sourceByAddress',
    what: 'the client is found by its name (B.0)',
    concerns: ({workloads}) => workloads.some(isAtClient),
  },
  {
    first: 26,
    flag: 'capacity',
    what: 'capacities are weights (B.9)',
    concerns: ({workloads}) => workloads.some(({capacity}) => capacity !== 1),
  },
  {first: 26, flag: 'crossNetwork', what: 'other networks are reached through a gateway (B.6)', concerns: hasRemotes},
  {first: 27, flag: 'targetPortAuthority', what: 'the authority has the port of the service (K.8)', concerns: hasRemotes},
  {first: 27, flag: 'remoteWaypoints', what: 'waypoints of other networks are reached through a gateway (B.6)', concerns: hasRemotes},
  {
    first: 27,
    flag: 'remoteWaypoints',
    what: 'endpoints without an address are left out (B.3)',
    concerns: ({workloads}) => workloads.some(isBare),
  },
  {
    first: 28,
    flag: 'passthroughServices',
    what: 'services that pass through (B.9)',
    concerns: ({services}) => services.some((one) => modeOf(one) === 'Passthrough'),
  },
  {first: 30, flag: 'sharedVips', what: 'several services may have one VIP (B.1)', concerns: ({services}) => isShared(services, 'vips')},
  {
    first: 30,
    flag: 'sharedVips',
    what: 'blocks of VIPs (B.9)',
    concerns: ({services}) => services.some((one) => one['cidrVips'] !== undefined),
  },
  {
    first: 31,
    flag: 'weightedWaypoints',
    what: 'weighted waypoints (B.9)',
    concerns: ({services}) => services.some((one) => one['weightedWaypoints'] !== undefined),
  },
  {
    first: 31,
    flag: 'weightedWaypoints',
    what: 'services hidden from other namespaces (K.8)',
    concerns: ({services}) => services.some(isHidden),
  },
  {first: 31, flag: 'weightedWaypoints', what: 'the own network weighs more than the rest (B.3)', concerns: hasRemotes},
]

type Entry = World['workloads'][number]

function gateways({workloads, services}: World): readonly string[] {
  return [...workloads, ...services].flatMap(({waypoint}) => (isObject(waypoint) ? String(waypoint['destination']) : []))
}

function isAddress(destination: string): boolean {
  return destination.startsWith('/')
}

function isHostname(destination: string): boolean {
  return !isAddress(destination)
}

function hasRemotes({workloads}: World): boolean {
  return workloads.some(({network}) => network === 'far')
}

function isTunnelled({applicationTunnel}: Entry): boolean {
  return applicationTunnel !== undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function addresses({workloadIps}: Entry): readonly unknown[] {
  return listOf(workloadIps)
}

function isBare(workload: Entry): boolean {
  return addresses(workload).length === 0
}

function isDual(workload: Entry): boolean {
  return addresses(workload).length === 2
}

function isAtClient(workload: Entry): boolean {
  return addresses(workload).includes(CLIENT_IP)
}

function isHidden({visibility}: Entry): boolean {
  return visibility === 'Namespace'
}

function modeOf({loadBalancer}: Entry): unknown {
  return isObject(loadBalancer) ? loadBalancer['mode'] : undefined
}

/** Whether two entries have an address in common. */
function isShared(entries: World['services'], field: string): boolean {
  const all = entries.flatMap((entry) => listOf(entry[field]))
  return new Set(all).size < all.length
}

interface Case {
  readonly world: World
  readonly dialled: SocketAddress
}

const asked: fc.Arbitrary<Case> = fc.record({world: mesh, dialled: target})

/** The same ones in every run: whether a rule can be met at all is no matter of luck. */
const SAMPLES = fc.sample(asked, {numRuns: 4000, seed: 31})

/** The releases that answer otherwise than the one before. */
function changesIn({world, dialled}: Case): readonly number[] {
  const config = configFor(world)
  const answers = RELEASES.map((minor) => outcomesOf(answerOf(config, {target: dialled, minor})).join('\n'))
  return RELEASES.filter((_, index) => index > 0 && answers[index] !== answers[index - 1])
}

function namedBy({world, dialled}: Case, release: number): readonly string[] {
  return GATES.filter(({first, concerns}) => first === release && concerns(world, dialled)).map(({what}) => what)
}

describe('the same dump, read as of every release from 1.18 to the newest', () => {
  test('answers change only where a rule of that release is met', () => {
    fc.assert(
      fc.property(asked, (one) => {
        const unnamed = changesIn(one).filter((release) => namedBy(one, release).length === 0)
        expect(unnamed).toEqual([])
      }),
      {numRuns: 300},
    )
  })

  test.each(GATES)('1.$first: $what: this alone changes an answer', ({first, flag, what}) => {
    const before = {[flag]: semanticsOf({minor: first - 1, from: 'override'})[flag]}
    const rivals = GATES.filter((gate) => gate.first === first && gate.flag === flag && gate.what !== what)
    const changed = SAMPLES.find((one) => {
      const {world, dialled} = one
      if (!namedBy(one, first).includes(what) || rivals.some(({concerns}) => concerns(world, dialled))) return false
      const config = configFor(world)
      const [own, without] = [{}, before].map((semantics) => outcomesOf(answerOf(config, {target: dialled, minor: first, semantics})))
      return own?.join() !== without?.join()
    })
    expect(changed).toBeDefined()
  })
})
