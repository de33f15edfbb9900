import type {Forwarder} from '../flow/forwarder.js'
import type {NodeCapture} from './crossing.js'
import {fullName, type Enrolment, type Workload} from './directory.js'
import {createInPodCapture} from './in-pod-capture.js'
import {createNodeCapture} from './node-capture.js'
import {createPolicedNode} from './policed-node.js'
import {createRecordedCapture, recordedEntry} from './recorded-capture.js'
import type {Generation} from './generation.js'
import type {World} from './world.js'

/** What a node does with packets, and what NetworkPolicies leave of it, where any were collected. */
export function createNode(world: World, node: string): Forwarder {
  const {directory, generation = '2022', admission} = world
  const forwarder = createCapture(world, node)
  return admission === undefined ? forwarder : createPolicedNode(forwarder, {node, directory, generation, admission})
}

/** By its recorded rules as far as there are any, else as its agent sets it up. */
function createCapture(world: World, node: string): Forwarder {
  const {directory, cluster, enrolmentOverride, generation = '2022'} = world
  const capture: NodeCapture = {
    node,
    directory,
    enrolmentOf: (workload) => enrolmentIn(world, workload),
    ...(cluster === undefined ? {} : {cluster}),
  }
  const rules = world.rulesOf?.(node)
  if (rules === undefined) return assumedCapture(generation, capture)
  const isOverridden = (workload: Workload): boolean => enrolmentOverride?.has(fullName(workload)) === true
  const recorded = {...capture, rules, generation, isOverridden}
  // envoy-2022 C: what captures is on the node; only in GA a pod alone tells.
  const into = generation === 'ga' ? {into: recordedEntry(recorded)} : {}
  return createRecordedCapture({...recorded, assumed: assumedCapture(generation, {...capture, ...into})})
}

function assumedCapture(generation: Generation, capture: NodeCapture): Forwarder {
  return generation === 'ga' ? createInPodCapture(capture) : createNodeCapture(capture)
}

/** Whether a pod is captured, as the question, ztunnel or labels say. */
export function enrolmentIn({enrolmentOverride, captureOf}: World, workload: Workload): Enrolment {
  return enrolmentOverride?.get(fullName(workload)) ?? captureOf?.(workload) ?? workload.enrolment
}
