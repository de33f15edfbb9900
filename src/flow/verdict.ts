/** The closed set of ends of a path. See design §3. */
export type Verdict =
  | {readonly kind: 'delivered'}
  | {readonly kind: 'passthrough'}
  | {readonly kind: 'responded'; readonly status: number; readonly location?: string; readonly reason: string}
  | {
      readonly kind: 'denied'
      readonly layer: 'l4' | 'l7'
      /** The policy that denied; absent when no ALLOW policy matched. */
      readonly policy?: string
      readonly reason: string
    }
  | {
      readonly kind:
        | 'no-listener'
        | 'no-filter-chain'
        | 'no-route'
        | 'no-healthy-upstream'
        | 'unknown-waypoint'
        | 'unknown-gateway'
        | 'dangling-reference'
        | 'refused'
        | 'dropped'
        | 'loop'
      readonly reason: string
    }
  | {
      readonly kind: 'tls-failure'
      readonly reason: string
      readonly expected?: readonly string[]
      readonly presented?: readonly string[]
    }
  | {readonly kind: 'ip-mismatch'; readonly expected: string; readonly presented: string; readonly reason: string}
  | {readonly kind: 'undetermined'; readonly missing: readonly Missing[]}

export type VerdictKind = Verdict['kind']

/** All words for an end of a path. */
export const VERDICT_KINDS = [
  'delivered',
  'passthrough',
  'responded',
  'denied',
  'no-listener',
  'no-filter-chain',
  'no-route',
  'no-healthy-upstream',
  'unknown-waypoint',
  'unknown-gateway',
  'dangling-reference',
  'tls-failure',
  'ip-mismatch',
  'refused',
  'dropped',
  'loop',
  'undetermined',
] as const satisfies readonly VerdictKind[]

/** One thing that is not known, and how to find it out. */
export interface Missing {
  readonly what: string
  /** The command that would collect it, or what to tell the tool. */
  readonly collect?: string
}

export type Outlook = 'positive' | 'negative' | 'undetermined'

/** Whether an end of a path is what a caller wants: exit code 0, 1 or 2 (design §5). */
export function outlookOf(verdict: Verdict): Outlook {
  switch (verdict.kind) {
    case 'delivered':
    case 'passthrough':
      return 'positive'
    case 'responded':
      return verdict.status < 400 ? 'positive' : 'negative'
    case 'undetermined':
      return 'undetermined'
    default:
      return 'negative'
  }
}

/** What a verdict is worth to a caller who may expect one kind, whatever it means for the traffic. */
export function outlookFor(verdict: Verdict, expected: VerdictKind | undefined): Outlook {
  if (expected === undefined) return outlookOf(verdict)
  return verdict.kind === expected ? 'positive' : 'negative'
}
