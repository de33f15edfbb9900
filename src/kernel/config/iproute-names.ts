const TABLES: ReadonlyMap<string, string> = new Map([
  ['253', 'default'],
  ['254', 'main'],
  ['255', 'local'],
])

/** With `-N`, and where /etc/iproute2 was not found, tables are printed as numbers (rt_tables). */
export function tableName(text: string): string {
  return TABLES.get(text) ?? text
}

const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['1', 'icmp'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['58', 'icmpv6'],
  ['ipv6-icmp', 'icmpv6'],
])

/** As packets name it. */
export function protocolName(text: string): string {
  return PROTOCOLS.get(text) ?? text
}

/** `0x10`, `16`; undefined for the names of /etc/iproute2/rt_dsfield, which every distribution chooses. */
export function tosOf(text: string): number | undefined {
  return /^(0x[0-9a-f]{1,2}|\d{1,3})$/.test(text) ? Number(text) : undefined
}
