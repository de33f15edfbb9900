/** ambient-ga E: the addresses a node puts on what its own processes send to captured pods; in-pod rules let them pass. */
export const PROBE_SOURCES: ReadonlySet<string> = new Set(['169.254.7.127', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff'])
