/** Ports of a ztunnel; the node-local one is of 2022 alone, the DNS proxy's of GA (envoy-2022 A.1, ambient-ga E). */
export const ZTUNNEL_PORTS = {outbound: 15_001, inboundPlaintext: 15_006, inbound: 15_008, inboundNodeLocal: 15_088, dns: 15_053} as const
