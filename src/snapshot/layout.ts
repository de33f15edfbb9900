/** Where a file of a directory without manifest comes from, by its name alone. */
export interface DumpPlace {
  readonly namespace?: string
  readonly pod?: string
}

/** How recordings, bug reports (`istioctl bug-report`) and must-gather trees name the dumps of a pod. */
const PLACES: readonly RegExp[] = [
  /(?:^|\/)proxies\/([^/]+)\/([^/]+?)\.json(?:\.gz)?$/,
  /(?:^|\/)proxies\/([^/]+)\/([^/]+)\/config_dump[^/]*$/,
  /(?:^|\/)namespaces\/([^/]+)\/(?:pods\/)?([^/]+)\/config_dump[^/]*$/,
]

/** `proxies/<namespace>/<pod>.json` and the like tell both; every other path only names the file. */
export function placeFrom(name: string): DumpPlace {
  for (const pattern of PLACES) {
    const [, namespace, pod] = pattern.exec(name) ?? []
    if (namespace !== undefined && pod !== undefined) return {namespace, pod}
  }
  return {}
}

/** Whether a file may be a dump or an inventory as JSON. What istiod says of itself looks like a ztunnel's, and is none. */
export function mayBeJson(name: string): boolean {
  if (/(?:^|\/)istiod\//.test(name)) return false
  return /\.json(\.gz)?$/.test(name) || /(?:^|\/)config_dump[^/]*$/.test(name)
}

/** `/debug/ambientz` of an istiod, as `record` and bug reports name it. */
export function isControlPlane(name: string): boolean {
  return /(?:^|\/)istiod\/(?:.+\/)?ambientz(?:\.json(?:\.gz)?)?$/.test(name)
}

/** The inventory of a bug report, and of a must-gather tree: Kubernetes objects as YAML. */
export function isYamlInventory(name: string): boolean {
  return YAML.some((pattern) => pattern.test(name))
}

const YAML: readonly RegExp[] = [
  /(?:^|\/)cluster\/(?:k8s-resources|crs)$/,
  /(?:^|\/)cluster-scoped-resources\/.+\.ya?ml$/,
  /(?:^|\/)namespaces\/[^/]+\/(?:core|discovery\.k8s\.io|(?:gateway\.)?networking\.k8s\.io|security\.istio\.io)\/[^/]+\.ya?ml$/,
]
