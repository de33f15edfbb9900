import type {Answer} from '../flow/forwarder.js'
import {policyName} from '../flow/policy-name.js'
import type {Trace} from '../flow/trace.js'
import {outlookOf, type Verdict} from '../flow/verdict.js'
import type {Glyphs} from './glyphs.js'
import type {Tone} from './tree-row.js'

/** `DENIED L7`, `RESPONDED 301`: the verdict in capitals, so that it is found without colour. */
export function verdictTitle(verdict: Verdict): string {
  const kind = verdict.kind.toUpperCase()
  switch (verdict.kind) {
    case 'denied':
      return `${kind} ${verdict.layer.toUpperCase()}`
    case 'responded':
      return `${kind} ${verdict.status}`
    default:
      return kind
  }
}

/** The title within a trace: where one proxy alone is asked, what it delivers has only left it. */
export function endTitle(verdict: Verdict, {question}: Pick<Trace, 'question'>): string {
  return question.proxy !== undefined && verdict.kind === 'delivered' ? 'FORWARDED' : verdictTitle(verdict)
}

/** Why, in one sentence; empty where the title says it all. */
export function verdictReason(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'delivered':
    case 'passthrough':
      return ''
    case 'responded':
      return [verdict.reason, ...(verdict.location === undefined ? [] : [`to ${verdict.location}`])].join(' ')
    case 'denied':
      return denialReason(verdict)
    case 'tls-failure':
      return [verdict.reason, ...names('expected', verdict), ...names('presented', verdict)].join(', ')
    case 'ip-mismatch':
      return `${verdict.reason}, expected ${verdict.expected}, presented ${verdict.presented}`
    case 'undetermined':
      return verdict.missing.map(({what}) => what).join(', ')
    default:
      return verdict.reason
  }
}

/** What a proxy writes to its log when no ALLOW policy matches: Envoy's details (envoy-2022 D7), ztunnel's error (ambient-ga C.5). */
const UNMATCHED = /^rbac_access_denied_matched_policy\[none\]$|^connection closed due to policy rejection/

/** In words first; what the log of the proxy says stands behind it, to be searched for. */
function denialReason({policy, reason}: Verdict & {readonly kind: 'denied'}): string {
  if (policy !== undefined) return `policy ${policyName(policy)} denies (${reason})`
  return UNMATCHED.test(reason) ? `no ALLOW policy matches (${reason})` : reason
}

export function verdictTone(verdict: Verdict): Tone {
  switch (outlookOf(verdict)) {
    case 'positive':
      return 'ok'
    case 'negative':
      return 'bad'
    default:
      return 'unsure'
  }
}

export function verdictSign(verdict: Verdict, glyphs: Glyphs): string {
  switch (outlookOf(verdict)) {
    case 'positive':
      return glyphs.good
    case 'negative':
      return glyphs.bad
    default:
      return glyphs.unsure
  }
}

/** What the client notices; empty when nothing can be said. */
export function answerText(answer: Answer): string {
  switch (answer.kind) {
    case 'http':
      return `client gets HTTP ${answer.status}${answer.location === undefined ? '' : ` to ${answer.location}`}`
    case 'closed':
      return answer.accepted ? 'client is connected, then closed' : 'client cannot connect'
    case 'timeout':
      return 'client waits until it times out'
    case 'data':
    case 'unknown':
      return ''
    default:
      return answer satisfies never
  }
}

/** Only what the reason does not say by itself. */
function names(label: 'expected' | 'presented', verdict: Extract<Verdict, {kind: 'tls-failure'}>): readonly string[] {
  const values = verdict[label]
  if (values === undefined || (values.length > 0 && values.every((value) => verdict.reason.includes(value)))) return []
  return [`${label} ${values.length === 0 ? 'none' : values.join(' or ')}`]
}
