import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {isObject} from '../../src/json/view.js'
import {oracleRoot} from './oracle-path.js'

/** The same recording in other words: what proxies did with it must not change. */
export type Mirror = (text: string) => string

/** Writes scenarios (`layer/scenario`) as a mirror shows them. */
export function writeMirrored({
  into,
  scenarios,
  mirror,
}: {
  readonly into: string
  readonly scenarios: readonly string[]
  readonly mirror: Mirror
}): void {
  for (const scenario of scenarios) {
    for (const file of readdirSync(join(oracleRoot(), scenario))) {
      const target = join(into, scenario, file)
      mkdirSync(dirname(target), {recursive: true})
      writeFileSync(target, mirror(readFileSync(join(oracleRoot(), scenario, file), 'utf8')))
    }
  }
}

/** Other names of the cluster's domain and trust domain, of the cluster, and of the namespace of the control plane. */
export function renamed(text: string): string {
  return text
    .replaceAll('cluster.local', 'mesh.example')
    .replaceAll('istio-system', 'mesh-root')
    .replaceAll(/\bKubernetes\b/g, 'prod-1')
}

/** IPv6 instead of IPv4: each address becomes one of fd00::/8 with the same bits, and prefixes grow by 96. */
export function inIpv6(text: string): string {
  if (!text.startsWith('{') && !text.startsWith('[')) return withIpv6(text).replaceAll('IPv4', 'IPv6')
  const document: unknown = JSON.parse(text)
  return JSON.stringify(valueInIpv6(document))
}

/** Families of services, and types of DNS records. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['IPv4', 'IPv6'],
  ['A', 'AAAA'],
  ['AAAA', 'A'],
])

function valueInIpv6(value: unknown): unknown {
  if (typeof value === 'string') return WORDS.get(value) ?? withIpv6(value)
  if (Array.isArray(value)) return value.map(valueInIpv6)
  if (!isObject(value)) return value
  const members = Object.entries(value).map(([key, member]) => [withIpv6(key), valueInIpv6(member)] as const)
  return {...Object.fromEntries(members), ...prefixOf(value)}
}

/** Envoy's ranges hold the length beside the address. */
function prefixOf(range: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
  const {address_prefix: address, prefix_len: length = 0} = range
  return typeof address === 'string' && typeof length === 'number' && !address.includes(':') ? {prefix_len: length + 96} : {}
}

const ADDRESS = /(?<![\d.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\d.])(\/\d{1,2}(?!\d))?(:(?:\d{1,5}|\*)(?!\d))?/g

function withIpv6(text: string): string {
  return text.replaceAll(ADDRESS, (whole, ...groups: readonly (string | undefined)[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = groups.slice(0, 4).map(Number)
    const [length, port] = groups.slice(4, 6)
    if (Math.max(a, b, c, d) > 255) return whole
    const ip = addressOf([a, b, c, d])
    if (length !== undefined) return `${ip}/${Number(length.slice(1)) + 96}`
    return port === undefined ? ip : `[${ip}]${port}`
  })
}

function addressOf([a, b, c, d]: readonly [number, number, number, number]): string {
  if (a === 127) return '::1'
  if (a + b + c + d === 0) return '::'
  return `fd00::${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}
