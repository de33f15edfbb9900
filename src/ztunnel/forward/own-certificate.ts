import {evidenceOf, type Certificate} from '../config/model.js'
import type {Step} from '../../flow/step.js'
import type {ZtunnelState} from '../state/state.js'
import {CLOSED, stop, undetermined, type Ending} from './exits.js'

/** What becomes of a tunnel for which ztunnel has no certificate, and the step that says so. */
export interface WithoutCertificate {
  readonly ending: Ending
  readonly step: Step
}

export interface CertificateQuestion {
  readonly identity: string
  readonly side: 'downstream' | 'upstream'
}

/**
 * A pod speaks HBONE as its own identity only. A failed request for the certificate fails the connection, one under way lets it wait;
 * what is not listed is fetched when it is first needed (ambient-ga A.6).
 */
export function withoutCertificate(state: ZtunnelState, {identity, side}: CertificateQuestion): WithoutCertificate | undefined {
  const certificate = state.certificates.get(identity)
  if (certificate === undefined || certificate.state === 'Available') return undefined
  const step: Step = {
    kind: 'tls',
    side,
    identity,
    effect: `no certificate: ${certificate.state}`,
    because: [`certificate of ${identity}`],
    evidence: [evidenceOf(state.config, certificate)],
  }
  return {ending: endingOf(certificate), step}
}

function endingOf({identity, state}: Certificate): Ending {
  if (state.startsWith('Unavailable')) {
    return stop({kind: 'tls-failure', reason: `ztunnel has no certificate for ${identity}: ${state}`}, CLOSED)
  }
  const what = `whether ztunnel gets a certificate for ${identity}: its dump says ${state === '' ? 'nothing of its state' : state}`
  return undetermined({what, collect: 'take the dump again'})
}
