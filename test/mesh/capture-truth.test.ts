import {describe, expect, it} from 'vitest'
import {capturedInPod} from '../../src/mesh/capture-truth.js'
import type {Enrolment} from '../../src/mesh/directory.js'
import {configOf, workload as known} from '../ztunnel/dump.js'
import {workload} from './builders.js'

const LABELS: Enrolment = {captured: 'yes', because: 'label', basis: 'assumed'}
const ANNOTATED: Enrolment = {captured: 'yes', because: 'annotation', basis: 'recorded'}

const pod = (enrolment: Enrolment = LABELS): ReturnType<typeof workload> =>
  workload({name: 'pod', namespace: 'ns', ips: ['10.0.0.1'], enrolment})

const held = (name: string, state = 'Up'): Readonly<Record<string, unknown>> => ({
  [`uid-${name}`]: {state, info: {name, namespace: 'ns', serviceAccount: 'default'}},
})

const POD_HBONE = known('pod', {workloadIps: ['10.0.0.1'], protocol: 'HBONE'})
const POD_TCP = known('pod', {workloadIps: ['10.0.0.1'], protocol: 'TCP'})

describe('whether a pod is really captured (ambient-ga A.8)', () => {
  it.each([
    {name: 'its ztunnel holds it', own: {workloadState: held('pod')}, gives: {captured: 'yes', basis: 'recorded'}},
    {name: 'its ztunnel holds others', own: {workloadState: held('other')}, gives: {captured: 'no', basis: 'recorded'}},
    {name: 'its ztunnel waits for it', own: {workloadState: held('pod', 'Pending')}, gives: {captured: 'undetermined'}},
    {
      name: 'its ztunnel names no pods, as in 1.22',
      own: {workloadState: {'uid-pod': {state: 'Up'}}},
      gives: {captured: 'undetermined'},
    },
    {name: 'its ztunnel lists nothing', own: {workloads: [POD_HBONE]}, gives: {captured: 'yes', basis: 'inferred'}},
    {name: 'its ztunnel knows it as plaintext', own: {workloads: [POD_TCP]}, gives: {captured: 'no', basis: 'inferred'}},
    {name: 'no ztunnel knows it', own: {}, gives: LABELS},
  ])('$name', ({own, gives}) => {
    expect(capturedInPod(pod(), {own: configOf(own)})).toMatchObject(gives)
  })

  it('takes the words of another ztunnel for want of its own, but not its list of pods', () => {
    const other = configOf({workloads: [POD_HBONE], workloadState: held('elsewhere')})
    expect(capturedInPod(pod({...LABELS, captured: 'no'}), {other})).toMatchObject({captured: 'yes', basis: 'inferred'})
  })

  it('believes the annotation more than the control plane, and ztunnel more than both', () => {
    expect(capturedInPod(pod(ANNOTATED), {own: configOf({workloads: [POD_TCP]})})).toEqual(ANNOTATED)
    expect(capturedInPod(pod(ANNOTATED), {own: configOf({workloadState: held('other')})})).toMatchObject({captured: 'no'})
  })

  it('goes by the uid where the inventory has it: names may be missing, or those of another pod', () => {
    const recorded = {...pod(), uid: 'uid-1', identity: 'spiffe://cluster.local/ns/ns/sa/pod'}
    const info = {name: 'other', namespace: 'ns', serviceAccount: 'other'}
    const capture = (workloadState: Readonly<Record<string, unknown>>, minor = 31): Enrolment =>
      capturedInPod(recorded, {own: configOf({workloadState, minor})})
    expect(capture({'uid-1': {state: 'Up'}})).toMatchObject({captured: 'yes', basis: 'recorded'})
    expect(capture({'uid-2': {state: 'Up'}})).toMatchObject({captured: 'no', basis: 'recorded'})
    expect(capture({'uid-1': {state: 'Up', info}})).toMatchObject({
      captured: 'yes',
      finding: 'pod ns/pod is held by the ztunnel of its node as ns/other',
      presents: 'spiffe://cluster.local/ns/ns/sa/other',
    })
    expect(capture({'uid-1': {state: 'Up', info}}, 23)).not.toHaveProperty('presents')
    expect(capture(held('pod'))).toMatchObject({captured: 'yes'})
  })

  it('finds a pod that is marked HBONE and not held', () => {
    const broken = capturedInPod(pod(), {own: configOf({workloads: [POD_HBONE], workloadState: held('other')})})
    expect(broken.finding).toBe(
      'pod ns/pod is marked HBONE, but the ztunnel of its node does not hold it: its capture is broken, and tunnels to it find nobody',
    )
    expect(broken.evidence?.map(({pointer}) => pointer)).toEqual(['/workloadState', '/workloads/0'])
    expect(capturedInPod(pod(), {own: configOf({workloads: [POD_TCP], workloadState: held('other')})}).finding).toBeUndefined()
  })

  it('never captures pods of the host network', () => {
    const host = workload({name: 'pod', namespace: 'ns', ips: ['10.0.0.1'], hostNetwork: true})
    expect(capturedInPod(host, {own: configOf({workloadState: held('pod')})})).toMatchObject({captured: 'no'})
  })

  it('keeps what the pod says about its inbound rules', () => {
    const bypassing = pod({...LABELS, outboundOnly: true, capturesDns: false})
    expect(capturedInPod(bypassing, {own: configOf({workloadState: held('pod')})})).toMatchObject({
      captured: 'yes',
      outboundOnly: true,
      capturesDns: false,
    })
  })
})
