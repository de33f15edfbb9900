/** Proxies of which `dump --all` fetches every one. */
export const DUMPED_KINDS = ['ztunnels', 'waypoints', 'gateways'] as const
export type DumpedKind = (typeof DUMPED_KINDS)[number]
