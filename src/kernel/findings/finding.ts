import type {Place} from '../config/model.js'

/** Something in recorded packet rules that breaks capture, or makes it unsure. */
export interface CaptureFinding {
  readonly kind:
    | 'pod-not-in-set'
    | 'node-address-in-set'
    | 'rule-missing'
    | 'rule-order'
    | 'table-broken'
    | 'mixed-backends'
    | 'ipvs'
    | 'ebpf-kube-proxy'
    | 'not-recorded'
  /** `unsure`: what happens depends on what no rule shows. */
  readonly severity: 'broken' | 'unsure'
  /** The node, or `namespace/pod`. */
  readonly place: string
  readonly what: string
  /** Of the one pod that it is about; else it is about all of the place. */
  readonly address?: string
  /** Lines that show it; none for what is missing. */
  readonly evidence: readonly Place[]
}

export interface EnrolledPod {
  /** `namespace/pod`. */
  readonly name: string
  readonly ips: readonly string[]
}

export function finding(
  place: string,
  {severity = 'broken', evidence = [], ...rest}: Pick<CaptureFinding, 'kind' | 'what'> & Partial<CaptureFinding>,
): CaptureFinding {
  return {...rest, place, severity, evidence}
}
