/** An ip:port pair; IPv6 without brackets; port 0 means "any ephemeral port". */
export interface SocketAddress {
  readonly ip: string
  readonly port: number
}

/** Where a connection goes: a socket, an internal listener of the same Envoy, or a unix pipe. */
export type Address =
  | ({readonly kind: 'socket'} & SocketAddress)
  | {readonly kind: 'internal'; readonly listener: string; readonly endpointId?: string}
  | {readonly kind: 'pipe'; readonly path: string}

export function formatSocket(address: SocketAddress): string {
  return address.ip.includes(':') ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`
}

/** Envoy prints an internal address as `envoy://<listener>/<endpoint id>` (access log form). */
export function formatAddress(address: Address): string {
  switch (address.kind) {
    case 'socket':
      return formatSocket(address)
    case 'internal':
      return `envoy://${address.listener}/${address.endpointId ?? ''}`
    case 'pipe':
      return `unix://${address.path}`
    default:
      return address satisfies never
  }
}

/** Reads `1.2.3.4:80` or `[2001:db8::1]:80`; undefined when it is neither. Does not validate the ip text. */
export function parseSocket(text: string): SocketAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const ip = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return ip === undefined || port > 65_535 ? undefined : {ip, port}
}
