/** ambient-ga E: the addresses a node puts on what its own processes send to captured pods; in-pod rules let them pass. */
export const PROBE_SOURCE = {v4: '169.254.7.127', v6: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff'} as const

export function isProbeSource(ip: string): boolean {
  return ip === PROBE_SOURCE.v4 || ip === PROBE_SOURCE.v6
}
