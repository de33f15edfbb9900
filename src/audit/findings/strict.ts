import type {Finding} from '../../flow/finding.js'
import {evidenceOf, policyKey, type Policy} from '../../ztunnel/config/model.js'
import {policiesOf} from './policies.js'
import {denials, isInbound, targetsOf, tunnelIdentity, type Denial, type Scene} from './scene.js'

/**
 * ztunnel has no TLS mode: istiod turns PeerAuthentication into DENY policies, whose names nobody wrote.
 * Source: ambient-ga C.4; istio issues 53884, 52874, ztunnel issue 792.
 */
export function strictMode(scene: Scene): readonly Finding[] {
  const denied = denials(scene).find(({hop, verdict}) => isInbound(hop) && originOf(verdict.policy ?? '') !== undefined)
  const origin = originOf(denied?.verdict.policy ?? '')
  if (denied === undefined || origin === undefined) return []
  const {policy} = denied.verdict
  return [
    {
      kind: 'strict-mode',
      text: `${origin} wants mTLS here: ztunnel has it as DENY policy ${policy ?? ''} for clients without identity, and ${clientText(denied)}`,
      evidence: policyEvidence(scene, policy ?? ''),
    },
  ]
}

const CONVERTED = /^([^/]+)\/converted_peer_authentication_(.+)$/

function originOf(policy: string): string | undefined {
  const [, namespace, name] = CONVERTED.exec(policy) ?? []
  if (namespace !== undefined && name !== undefined) return `PeerAuthentication ${namespace}/${name}`
  return /\/istio_converted_static_strict$/.test(policy) ? 'PeerAuthentication STRICT' : undefined
}

function clientText({hop}: Denial): string {
  const identity = tunnelIdentity(hop)
  return identity === undefined ? 'this one comes in plaintext and has none' : `this one is ${identity}`
}

function policyEvidence(scene: Scene, key: string): Finding['evidence'] {
  return targetsOf(scene).flatMap((pod) => {
    const config = scene.ztunnelOf(pod)
    const found = config === undefined ? undefined : policiesOf(config, pod).find((one: Policy) => policyKey(one) === key)
    return config === undefined || found === undefined ? [] : [evidenceOf(config, found)]
  })
}
