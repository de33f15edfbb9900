import type {Place} from '../config/model.js'

/** Something in recorded packet rules that breaks capture, or makes it unsure. */
export interface CaptureFinding {
  readonly kind:
    | 'pod-not-in-set'
    | 'node-address-in-set'
    | 'rule-missing'
    | 'rule-order'
    | 'rule-differs'
    | 'rule-unknown'
    | 'table-broken'
    | 'left-over'
    | 'not-captured'
    | 'annotation-unheeded'
    | 'no-listener'
    | 'ztunnel-gone'
    | 'setting'
    | 'walk-fails'
    | 'mixed-backends'
    | 'ipvs'
    | 'ebpf-kube-proxy'
    | 'not-recorded'
  /** `unsure`: what happens depends on what no rule shows, or on who comes. */
  readonly severity: 'broken' | 'unsure'
  /** The node, or `namespace/pod`. */
  readonly place: string
  readonly what: string
  /** Of the one pod that it is about; else it is about all of the place. */
  readonly address?: string
  /** Lines that show it; for what is missing the line beside which it belongs. */
  readonly evidence: readonly Place[]
  /** What to do about it, in one sentence. */
  readonly fix?: string
}

export interface EnrolledPod {
  /** `namespace/pod`. */
  readonly name: string
  readonly ips: readonly string[]
  /** Absent where its annotations are not known. */
  readonly wishes?: PodWishes
}

/** What annotations of a pod ask of the rules inside it. Source: ambient-ga E, variants. */
export interface PodWishes {
  readonly bypassesInbound: boolean
  /** Absent where the pod leaves it to the node agent. */
  readonly capturesDns?: boolean
  /** Devices whose connections are to be captured too. */
  readonly virtualDevices: readonly string[]
}

export function finding(
  place: string,
  {severity = 'broken', evidence = [], ...rest}: Pick<CaptureFinding, 'kind' | 'what'> & Partial<CaptureFinding>,
): CaptureFinding {
  return {...rest, place, severity, evidence}
}

/** A line as evidence; none for what is assumed. */
export function placesOf(...all: readonly (Place | undefined)[]): readonly Place[] {
  return all.flatMap((place) => place ?? [])
}

/** What helps where the rules of a node are not those of its agent. */
export const REWRITE = 'Restart the node agent (the istio-cni-node pod of this node): it writes its rules anew.'
