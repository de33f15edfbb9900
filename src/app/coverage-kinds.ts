/** Kinds of resources a connection can pass, in the order it meets them. */
export const COVERAGE_KINDS = [
  'listeners',
  'filter-chains',
  'virtual-hosts',
  'routes',
  'services',
  'workloads',
  'policies',
  'rules',
  'clusters',
] as const
export type CoverageKind = (typeof COVERAGE_KINDS)[number]

/** What the dump of an Envoy can have. */
export const ENVOY_KINDS: readonly CoverageKind[] = [
  'listeners',
  'filter-chains',
  'virtual-hosts',
  'routes',
  'policies',
  'rules',
  'clusters',
]

/** What the dump of a Rust ztunnel can have. */
export const ZTUNNEL_KINDS: readonly CoverageKind[] = ['services', 'workloads', 'policies']

/** One resource of a proxy. */
export interface Coverable {
  readonly kind: CoverageKind
  /** Where it belongs, then what it is called: `listener / chain`. */
  readonly name: string
  /** Of a route: what it asks for. */
  readonly match?: string
  /** Places that count as this resource: one, or each rule of a policy. None of a cluster, which is known by its name. */
  readonly pointers: readonly string[]
}
