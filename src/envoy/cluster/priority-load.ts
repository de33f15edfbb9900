import {countedHosts, type Health, type HostSet} from './host.js'

/** Per cent of the traffic for the healthy and the degraded hosts of every priority; all entries together make 100. */
export interface PriorityLoad {
  readonly healthy: readonly number[]
  readonly degraded: readonly number[]
  /** Priorities whose hosts are all used, whatever their health. */
  readonly panic: readonly boolean[]
}

interface Availability {
  readonly healthy: readonly number[]
  readonly degraded: readonly number[]
  /** Both together over all priorities, at most 100. */
  readonly total: number
}

/**
 * How the traffic spreads over priorities, in whole per cents like Envoy computes them.
 * Source: envoy-2022 D9, I.11; Envoy load_balancer_impl.cc recalculatePerPriorityState, recalculatePerPriorityPanic.
 */
export function loadPriorities(sets: readonly HostSet[], panicThreshold: number): PriorityLoad {
  const availability = availabilityOf(sets)
  const spread = availability.total === 0 ? onlyFirst(sets) : spreadLoad(availability)
  // Panic is off and nobody is available: priority 0 is asked, and finds no host.
  if (panicThreshold === 0 && availability.total === 0) return {...onlyFirst(sets), panic: sets.map(() => false)}
  // envoy-2022 I.11: no panic while all priorities together are fully available.
  const panic = sets.map((set) => availability.total < 100 && isInPanic(set, panicThreshold))
  return panic.every(Boolean) ? {...totalPanicLoad(sets), panic} : {...spread, panic}
}

function availabilityOf(sets: readonly HostSet[]): Availability {
  const healthy = sets.map((set) => percentAvailable(set, 'healthy'))
  const degraded = sets.map((set) => percentAvailable(set, 'degraded'))
  return {healthy, degraded, total: Math.min(100, sum(healthy) + sum(degraded))}
}

function percentAvailable(set: HostSet, health: Health): number {
  const size = (hosts: HostSet['hosts']): number => (set.weightedHealth ? sum(hosts.map((host) => host.weight)) : hosts.length)
  const all = size(countedHosts(set.hosts))
  return all === 0 ? 0 : Math.min(100, Math.floor((set.overprovisioning * size(set.hosts.filter((host) => host.health === health))) / all))
}

type Load = Pick<PriorityLoad, 'healthy' | 'degraded'>

/** Healthy hosts first, in order of priority, then degraded ones; what rounding leaves goes to the first that is available. */
function spreadLoad(availability: Availability): Load {
  const healthy = takeLoad({available: availability.healthy, load: 100, total: availability.total})
  const degraded = takeLoad({available: availability.degraded, load: 100 - sum(healthy), total: availability.total})
  const rest = 100 - sum(healthy) - sum(degraded)
  const firstHealthy = availability.healthy.findIndex((percent) => percent > 0)
  const firstDegraded = availability.degraded.findIndex((percent) => percent > 0)
  return firstHealthy >= 0
    ? {healthy: addAt({load: healthy, index: firstHealthy, rest}), degraded}
    : {healthy, degraded: addAt({load: degraded, index: firstDegraded, rest})}
}

function takeLoad(input: {readonly available: readonly number[]; readonly load: number; readonly total: number}): number[] {
  let left = input.load
  return input.available.map((percent) => {
    const taken = Math.min(left, Math.floor((percent * 100) / input.total))
    left -= taken
    return taken
  })
}

/** All priorities panic: the traffic follows the number of hosts. */
function totalPanicLoad(sets: readonly HostSet[]): Load {
  const all = sum(sets.map((set) => set.hosts.length))
  if (all === 0) return onlyFirst(sets)
  const healthy = sets.map((set) => Math.floor((100 * set.hosts.length) / all))
  const index = sets.findIndex((set) => set.hosts.length > 0)
  return {healthy: addAt({load: healthy, index, rest: 100 - sum(healthy)}), degraded: sets.map(() => 0)}
}

/** Too few hosts of the set are usable. */
export function isInPanic(set: HostSet, threshold: number): boolean {
  const usable = set.hosts.filter((host) => host.health !== 'unhealthy').length
  const all = countedHosts(set.hosts).length
  return (all === 0 ? 0 : (100 * usable) / all) < threshold
}

function onlyFirst(sets: readonly HostSet[]): Load {
  return {healthy: sets.map((_, index) => (index === 0 ? 100 : 0)), degraded: sets.map(() => 0)}
}

function addAt({load, index, rest}: {readonly load: readonly number[]; readonly index: number; readonly rest: number}): number[] {
  return load.map((percent, at) => (at === index ? percent + rest : percent))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
