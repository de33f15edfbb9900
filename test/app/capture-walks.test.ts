import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {askCapture, type CaptureAnswer, type CaptureBranch} from '../../src/app/capture.js'
import {readCaptureQuestion} from '../../src/app/capture-question.js'
import {openCaptures} from '../../src/app/capture-shelf.js'

const STATES = 'fixtures/capture-states'
const QUESTIONS = readFileSync(`${STATES}/walks.ndjson`, 'utf8').trim().split('\n')

interface Walk {
  readonly walk: string
  /** One for each branch: how it ends, what decided on the way, and the devices it takes. */
  readonly ends: readonly string[]
  readonly decided: readonly string[]
  readonly devices: readonly string[]
}

const NO_CAPTURE = {decided: ['mangle ztunnel-PREROUTING 12: mark 0x220', 'mangle ztunnel-FORWARD 1: save-mark']}
const FROM_POD = [
  'mangle ztunnel-PREROUTING 15: mark 0x100',
  'nat ztunnel-PREROUTING 1: accept',
  'nat ztunnel-POSTROUTING 1: accept',
  'mangle PREROUTING 3: TPROXY to port 15001, mark 0x400',
]
const KEPT_SOURCE = 'mangle ztunnel-PREROUTING 10: mark 0x210'
const INTO_15006 = 'mangle PREROUTING 4: TPROXY to port 15006, mark 0x400'

/** The packet walks of 2022 node capture, in the order of the questions. Source: envoy-2022 C.3, H.3. */
const WALKS: readonly Walk[] = [
  {walk: '1: pod to VIP', ends: ['captured 15001, dialled 10.96.44.10:5000'], decided: FROM_POD, devices: ['eth0', 'istioout', 'lo']},
  {walk: '2: ztunnel dials another node', ends: ['left'], ...NO_CAPTURE, devices: ['eth0', 'eth0']},
  {
    walk: '3: ztunnel dials with the source of its client',
    ends: ['delivered 5000'],
    decided: [KEPT_SOURCE, 'mangle ztunnel-FORWARD 2: save-mark'],
    devices: ['eth0', 'veth8c07ba55', 'lo'],
  },
  {
    walk: '3: the same to a VIP, which kube-proxy translates',
    ends: ['delivered 5000', 'left'],
    decided: [KEPT_SOURCE, 'nat KUBE-SEP-HW2ND1LOCALEP0AA 2: DNAT to 10.244.2.4:5000', 'mangle ztunnel-FORWARD 2: save-mark'],
    devices: ['eth0', 'veth8c07ba55', 'lo'],
  },
  {walk: '4: another node to a pod', ends: ['captured 15006, dialled 10.244.2.4:5000'], decided: [INTO_15006], devices: ['istioin', 'lo']},
  {
    walk: '4: the tunnel of another node',
    ends: ['captured 15008, dialled 10.244.2.4:15008'],
    decided: ['mangle PREROUTING 2: TPROXY to port 15008, mark 0x400'],
    devices: ['istioin', 'lo'],
  },
  {
    walk: '5: pod to pod of one node',
    ends: ['captured 15001, dialled 10.244.2.4:5000'],
    decided: FROM_POD,
    devices: ['eth0', 'istioout', 'lo'],
  },
  {
    walk: '6: the tunnel within a node',
    ends: ['captured 15008, dialled 10.244.2.4:15088'],
    decided: ['nat OUTPUT 2: REDIRECT to port 15008'],
    devices: ['lo'],
  },
  {
    walk: '6: the same by 15008 reaches the pod itself',
    ends: ['dropped ECONNREFUSED'],
    ...NO_CAPTURE,
    devices: ['eth0', 'veth8c07ba55', 'lo'],
  },
  {
    walk: '6: 15088 with the source of a client, which is broken (H.3.7)',
    ends: ['asymmetric timeout'],
    decided: ['nat OUTPUT 2: REDIRECT to port 15008'],
    devices: ['lo'],
  },
  {
    walk: '7: the kubelet to a pod',
    ends: ['delivered 5000'],
    decided: ['mangle ztunnel-OUTPUT 1: mark 0x220'],
    devices: ['veth8c07ba55', 'lo'],
  },
  {
    walk: '7: another address of the node',
    ends: ['captured 15006, dialled 10.244.2.4:5000'],
    decided: [INTO_15006],
    devices: ['istioin', 'lo'],
  },
  {
    walk: '8: the node to a VIP, which ends in a pod of its own or leaves',
    ends: ['captured 15006, dialled 10.244.2.4:5000', 'left'],
    decided: [
      'nat KUBE-MARK-MASQ 1: mark 0x4000',
      'nat KUBE-SEP-HW2ND1LOCALEP0AA 2: DNAT to 10.244.2.4:5000',
      'nat KUBE-POSTROUTING 2: mark 0x0',
      'nat KUBE-POSTROUTING 3: masquerade',
      INTO_15006,
    ],
    devices: ['istioin', 'lo'],
  },
  {
    walk: '8: a pod to the exempt address of its node',
    ends: ['delivered 10250'],
    decided: FROM_POD.slice(0, 2),
    devices: ['eth0', 'lo'],
  },
  {
    walk: '8: a pod to another address of its node, which is broken',
    ends: ['asymmetric timeout'],
    decided: [...FROM_POD.slice(0, 2), INTO_15006],
    devices: ['eth0', 'lo', 'istioin', 'lo'],
  },
  {
    walk: '9: a pod to 15008 of a pod',
    ends: ['captured 15001, dialled 10.244.2.4:15008'],
    decided: FROM_POD,
    devices: ['eth0', 'istioout', 'lo'],
  },
  {
    walk: '9: UDP of a pod',
    ends: ['delivered 53'],
    decided: [
      'mangle ztunnel-PREROUTING 13: mark 0x220',
      'nat KUBE-SEP-DNSUDP0COREDNS0A 2: DNAT to 10.244.2.6:53',
      'mangle ztunnel-FORWARD 1: save-mark',
    ],
    devices: ['eth0', 'vethc0a9711b', 'lo'],
  },
]

describe('walk', {timeout: 60_000}, async () => {
  const shelf = await openCaptures({paths: [`${STATES}/node-2022`], environment: {}})
  const ask = (line: string): CaptureAnswer =>
    askCapture(shelf, {
      question: readCaptureQuestion(JSON.parse(line)),
      options: {namespace: 'default', explain: false, findings: false},
    })

  test.each(WALKS.map((walk, at) => ({...walk, line: QUESTIONS[at] ?? ''})))('$walk', ({line, ends, decided, devices}) => {
    const {branches} = ask(line)
    expect(branches.map(endText)).toEqual(ends)
    const steps = branches[0]?.steps ?? []
    expect(steps.flatMap((step) => (step.kind === 'rule' ? `${step.name.replace(/^\S+ /, '')}: ${step.effect}` : []))).toEqual(decided)
    expect(steps.flatMap((step) => (step.kind === 'route-lookup' ? step.effect.replace(/^.*dev /, '') : []))).toEqual(devices)
    expect(steps.filter(({kind}) => kind === 'rule').every(({evidence}) => evidence.every(({basis}) => basis === 'recorded'))).toBe(true)
  })

  test('is asked for by each question of the file', () => {
    expect(QUESTIONS).toHaveLength(WALKS.length)
  })
})

/** `captured 15001, dialled 10.0.0.1:80`, `delivered 80`, `dropped ECONNREFUSED`. */
function endText({end: {kind, reason}, result}: CaptureBranch): string {
  const [, port] = /^accepted by port (\d+)/.exec(reason) ?? []
  const [, dialled] = /original destination (\S+)$/.exec(reason) ?? []
  if (port !== undefined) return `${kind} ${port}${dialled === undefined ? '' : `, dialled ${dialled}`}`
  return kind === 'left' ? kind : `${kind} ${result}`
}
