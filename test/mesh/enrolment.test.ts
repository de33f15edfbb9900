import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {z} from 'zod'
import type {Namespace, Pod} from '../../src/flow/inventory.js'
import {enrolmentOf, inPodEnrolment} from '../../src/mesh/enrolment.js'
import {openScenario, SCENARIOS} from '../app/scenario.js'
import {oracleRoot} from '../conformance/oracle-path.js'

const recorded = z.object({pods: z.array(z.object({name: z.string(), namespace: z.string(), nodeEnrolled: z.boolean()}))})

describe('enrolmentOf', () => {
  it.each(SCENARIOS)('agrees with the node agent’s rule on every pod of %s', async (scenario) => {
    const {pods} = recorded.parse(JSON.parse(readFileSync(join(oracleRoot(), 'ambient2022', scenario, 'inventory.json'), 'utf8')))
    const {directory} = await openScenario(scenario)
    const enrolled = pods.map(({namespace, name}) => ({
      name,
      nodeEnrolled: directory.workload({namespace, name})?.enrolment.captured === 'yes',
    }))
    expect(enrolled).toEqual(pods.map(({name, nodeEnrolled}) => ({name, nodeEnrolled})))
  })

  it.each([
    {what: 'an ambient namespace', pod: {}, namespace: {'istio.io/dataplane-mode': 'ambient'}, gives: 'yes'},
    {what: 'another mode', pod: {}, namespace: {'istio.io/dataplane-mode': 'none'}, gives: 'no'},
    {what: 'no label', pod: {}, namespace: {}, gives: 'no'},
    {
      what: 'legacy injection of the namespace',
      pod: {},
      namespace: {'istio.io/dataplane-mode': 'ambient', 'istio-injection': 'enabled'},
      gives: 'no',
    },
    {
      what: 'injection switched off, which is no legacy label',
      pod: {},
      namespace: {'istio.io/dataplane-mode': 'ambient', 'istio-injection': 'disabled'},
      gives: 'yes',
    },
    {what: 'a revision of the namespace', pod: {}, namespace: {'istio.io/dataplane-mode': 'ambient', 'istio.io/rev': 'x'}, gives: 'no'},
    {what: 'a revision of the pod', pod: {'istio.io/rev': 'default'}, namespace: {'istio.io/dataplane-mode': 'ambient'}, gives: 'no'},
    {what: 'a pod opted out', pod: {'ambient-type': 'none'}, namespace: {'istio.io/dataplane-mode': 'ambient'}, gives: 'no'},
    {what: 'a waypoint', pod: {'ambient-type': 'waypoint'}, namespace: {'istio.io/dataplane-mode': 'ambient'}, gives: 'no'},
    {what: 'a labelled workload', pod: {'ambient-type': 'workload'}, namespace: {}, gives: 'no'},
  ])('says $gives for $what', ({pod, namespace, gives}) => {
    expect(enrolmentOf(podWith({labels: mapOf(pod)}), [namespaceWith(namespace)]).captured).toBe(gives)
  })

  it('cannot tell without the labels of the namespace', () => {
    expect(enrolmentOf(podWith({}), undefined).captured).toBe('undetermined')
    expect(enrolmentOf(podWith({}), []).captured).toBe('undetermined')
    expect(enrolmentOf(podWith({labels: mapOf({'ambient-type': 'none'})}), undefined).captured).toBe('no')
  })

  it('believes what the agent wrote down', () => {
    const annotations = mapOf({'ambient.istio.io/redirection': 'enabled'})
    expect(enrolmentOf(podWith({annotations}), [namespaceWith({})]).captured).toBe('yes')
  })

  it('does not enrol pods that do not run or have no address', () => {
    const namespaces = [namespaceWith({'istio.io/dataplane-mode': 'ambient'})]
    expect(enrolmentOf(podWith({phase: 'Succeeded'}), namespaces).captured).toBe('no')
    expect(enrolmentOf(podWith({ips: []}), namespaces).captured).toBe('no')
  })
})

describe('inPodEnrolment', () => {
  it.each([
    {what: 'an ambient namespace', pod: {}, namespace: {'istio.io/dataplane-mode': 'ambient'}, gives: 'yes', basis: 'assumed'},
    {what: 'a namespace without the label', pod: {}, namespace: {}, gives: 'no', basis: 'assumed'},
    {
      what: 'a pod that opts out',
      pod: {labels: mapOf({'istio.io/dataplane-mode': 'none'})},
      namespace: {'istio.io/dataplane-mode': 'ambient'},
      gives: 'no',
      basis: 'assumed',
    },
    {
      what: 'a pod that opts in',
      pod: {labels: mapOf({'istio.io/dataplane-mode': 'ambient'})},
      namespace: {},
      gives: 'yes',
      basis: 'assumed',
    },
    {
      what: 'a revision label, which matters no more',
      pod: {labels: mapOf({'istio.io/rev': 'x'})},
      namespace: {'istio.io/dataplane-mode': 'ambient'},
      gives: 'yes',
      basis: 'assumed',
    },
    {
      what: 'the annotation of the node agent',
      pod: {annotations: mapOf({'ambient.istio.io/redirection': 'enabled'})},
      namespace: {},
      gives: 'yes',
      basis: 'recorded',
    },
    {
      what: 'a pod with a sidecar',
      pod: {annotations: mapOf({'sidecar.istio.io/status': '{}'})},
      namespace: {'istio.io/dataplane-mode': 'ambient'},
      gives: 'no',
      basis: 'recorded',
    },
    {what: 'the host network', pod: {hostNetwork: true}, namespace: {'istio.io/dataplane-mode': 'ambient'}, gives: 'no', basis: 'recorded'},
  ] as const)('says $gives ($basis) for $what', ({pod, namespace, gives, basis}) => {
    expect(inPodEnrolment(podWith(pod), [namespaceWith(namespace)])).toMatchObject({captured: gives, basis})
  })

  it('cannot tell without the labels of the namespace', () => {
    expect(inPodEnrolment(podWith({}), undefined).captured).toBe('undetermined')
  })

  it('notes a pod whose inbound rules are left out', () => {
    const annotations = mapOf({'ambient.istio.io/redirection': 'enabled', 'ambient.istio.io/bypass-inbound-capture': 'true'})
    expect(inPodEnrolment(podWith({annotations}), [])).toMatchObject({captured: 'yes', outboundOnly: true})
  })

  it.each([
    {text: 'T', outboundOnly: true},
    {text: '1', outboundOnly: true},
    {text: 'False', outboundOnly: undefined},
    {text: 'yes', outboundOnly: undefined},
  ])('reads booleans as Istio does: $text', ({text, outboundOnly}) => {
    const annotations = mapOf({'ambient.istio.io/bypass-inbound-capture': text, 'ambient.istio.io/dns-capture': text})
    const {outboundOnly: left, capturesDns} = inPodEnrolment(podWith({annotations}), [])
    expect(left).toBe(outboundOnly)
    expect(capturesDns).toBe(text === 'yes' ? undefined : outboundOnly === true)
  })
})

const NOWHERE = {file: 'inventory/pods.json', pointer: ''}

function podWith(parts: Partial<Pod>): Pod {
  return {
    name: 'p',
    namespace: 'ns',
    labels: mapOf({}),
    annotations: mapOf({}),
    recorded: NOWHERE,
    ips: ['10.0.0.1'],
    hostNetwork: false,
    serviceAccount: 'default',
    containerPorts: [],
    phase: 'Running',
    ...parts,
  }
}

function namespaceWith(labels: Readonly<Record<string, string>>): Namespace {
  return {name: 'ns', labels: mapOf(labels), annotations: mapOf({}), recorded: NOWHERE}
}

function mapOf(entries: Readonly<Record<string, string | undefined>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(entries).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
}
