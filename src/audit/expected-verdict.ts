import {policyName} from '../flow/policy-name.js'
import {formatShare, fraction, oneOf, type Share} from '../flow/share.js'
import type {Verdict, VerdictKind} from '../flow/verdict.js'
import type {ExpectedVerdict} from './expectation.js'

/** Kinds that can be asked for, and what may stand in brackets behind them. */
const KINDS: Readonly<Record<VerdictKind, 'policy or layer' | 'status' | undefined>> = {
  delivered: undefined,
  passthrough: undefined,
  responded: 'status',
  denied: 'policy or layer',
  'no-listener': undefined,
  'no-filter-chain': undefined,
  'no-route': undefined,
  'no-healthy-upstream': undefined,
  'unknown-waypoint': undefined,
  'unknown-gateway': undefined,
  'dangling-reference': undefined,
  refused: undefined,
  dropped: undefined,
  loop: undefined,
  'tls-failure': undefined,
  'ip-mismatch': undefined,
  undetermined: undefined,
}

export const VERDICT_SYNTAX = `${Object.keys(KINDS).join(', ')}; denied(policy), responded(status); a share behind it: 9/10, 90 %, one of 3`

/** Reads `denied(default/viewer) 1/10`; undefined when it is no verdict. */
export function parseExpectedVerdict(text: string): ExpectedVerdict | undefined {
  const [, kind = '', detail, shareText] = /^([a-z-]+)(?:\(([^()]+)\))?(?:\s+(\S.*))?$/.exec(text.trim()) ?? []
  if (!isVerdictKind(kind) || (detail !== undefined && KINDS[kind] === undefined)) return undefined
  const verdict = {kind, ...(detail === undefined ? {} : {detail})}
  if (shareText === undefined) return verdict
  const share = parseShare(shareText)
  return share && {...verdict, share}
}

/** A verdict as an expectation would ask for it. */
export function formatVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'denied':
      return `denied(${verdict.policy === undefined ? verdict.layer : policyName(verdict.policy)})`
    case 'responded':
      return `responded(${verdict.status})`
    default:
      return verdict.kind
  }
}

export function formatExpectedVerdict({kind, detail, share}: ExpectedVerdict): string {
  return `${kind}${detail === undefined ? '' : `(${detail})`}${share === undefined ? '' : ` ${formatShare(share)}`}`
}

export function fitsVerdict(verdict: Verdict, {kind, detail}: ExpectedVerdict): boolean {
  if (verdict.kind !== kind) return false
  if (detail === undefined) return true
  if (verdict.kind === 'responded') return String(verdict.status) === detail
  return verdict.kind === 'denied' && namesOf(verdict).includes(detail)
}

/** Its layer, and its policy as people and as the proxy name it. */
function namesOf({layer, policy}: Verdict & {kind: 'denied'}): readonly string[] {
  return policy === undefined ? [layer] : [layer, policy, policyName(policy)]
}

function parseShare(text: string): Share | undefined {
  const [, part, whole] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? []
  if (part !== undefined && Number(whole) > 0) return fraction(Number(part), Number(whole))
  const [, percent] = /^(\d{1,3}) ?%$/.exec(text) ?? []
  if (percent !== undefined) return fraction(Number(percent), 100)
  const [, count] = /^one of (\d{1,9})$/.exec(text) ?? []
  return count === undefined || Number(count) === 0 ? undefined : oneOf(Number(count))
}

function isVerdictKind(text: string): text is VerdictKind {
  return Object.hasOwn(KINDS, text)
}
