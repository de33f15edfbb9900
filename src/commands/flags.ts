import {isIP} from 'node:net'
import {Flags} from '@oclif/core'
import type {MeshOptions} from '../app/mesh.js'
import type {CoverageGoal} from '../app/coverage.js'
import {COVERAGE_KINDS} from '../app/coverage-kinds.js'
import type {InnerRequest} from '../app/walk-arrival.js'
import {parseSocket, type SocketAddress} from '../flow/address.js'
import {parseEnvoyVersion, type EnvoyVersion} from '../flow/envoy-version.js'
import {UsageError} from '../flow/errors.js'
import {VERDICT_KINDS, type VerdictKind} from '../flow/verdict.js'
import type {TraceLimits} from '../mesh/tracer.js'
import type {SnapshotSources} from '../snapshot/snapshot.js'

const SOURCES = 'SOURCE'
const REQUEST = 'REQUEST'
const COVERAGE = 'COVERAGE'

/** Where the data comes from; the same in every command that reads dumps. */
export const sourceFlags = {
  snapshot: Flags.string({
    description:
      'Recorded snapshot: a directory, an archive, or a single dump (default: AMBIENTCTL_SNAPSHOT). NAME=PATH for each of several clusters.',
    helpGroup: SOURCES,
    helpValue: 'PATH',
    multiple: true,
    multipleNonGreedy: true,
  }),
  file: Flags.string({
    char: 'f',
    description: 'Config dump of one proxy, also as FILE=NAME; - is standard input. Repeatable.',
    helpGroup: SOURCES,
    helpValue: 'FILE',
    multiple: true,
    multipleNonGreedy: true,
  }),
  demo: Flags.string({
    description: 'Recorded example that is shipped with the program; --demo alone lists them.',
    helpGroup: SOURCES,
    helpValue: 'NAME',
  }),
  namespace: Flags.string({
    char: 'n',
    default: 'default',
    description: 'Where names without a namespace are looked up first.',
    helpValue: 'NAMESPACE',
  }),
  'envoy-version': Flags.custom<EnvoyVersion>({
    description: 'Envoy version to assume, such as 1.24 (default: what the dump says).',
    helpValue: 'VERSION',
    parse: (text) => Promise.resolve(parseVersion(text)),
  })(),
}

/** What an HTTP request says. */
export const requestFlags = {
  method: Flags.string({description: 'HTTP method (default: GET).', helpGroup: REQUEST, helpValue: 'METHOD'}),
  path: Flags.string({description: 'HTTP path (default: /).', helpGroup: REQUEST, helpValue: 'PATH'}),
  header: Flags.custom<[string, string]>({
    description: 'HTTP header as name:value. Repeatable.',
    helpGroup: REQUEST,
    helpValue: 'NAME:VALUE',
    multiple: true,
    multipleNonGreedy: true,
    parse: (text) => Promise.resolve(parseHeader(text)),
  })(),
  sni: Flags.string({description: 'Server name of the TLS handshake.', helpGroup: REQUEST, helpValue: 'NAME'}),
}

/** NetworkPolicies that the data does not hold. */
export const policyFlags = {
  'network-policies': Flags.string({
    description: 'NetworkPolicies as YAML, in the place of those of the inventory: are the ports admitted?',
    helpValue: 'FILE',
  }),
}

/** What a question says beside the request. */
export const questionFlags = {
  host: Flags.string({description: 'Host header (default: DST as typed).', helpGroup: REQUEST, helpValue: 'HOST'}),
  protocol: Flags.option({
    description: 'What the client speaks (default: as the port says).',
    helpGroup: REQUEST,
    options: ['http', 'tcp', 'tls'] as const,
  })(),
  'from-kind': Flags.option({
    description: 'How SRC reaches the mesh (default: as the data says).',
    options: ['ambient', 'sidecar', 'gateway', 'uncaptured', 'outside'] as const,
  })(),
  ...policyFlags,
  'pick-endpoint': pinFlag('endpoint'),
  'pick-waypoint': pinFlag('waypoint'),
  'pick-route': repeatedString('Follow only this route, or the cluster it leads to, where there is a choice. Repeatable.', 'NAME'),
  reverse: Flags.boolean({description: 'Ask the flow back, from DST to SRC, as a new question.', exclusive: ['from-kind', 'batch']}),
}

/** A flag that takes `ip:port`; a lone address means any port of it. */
const addressFlag = Flags.custom<SocketAddress>({helpValue: 'IP:PORT', parse: (text) => Promise.resolve(parseAddress(text))})

/** Where and how a connection reaches one proxy. */
export const walkFlags = {
  listener: Flags.string({description: 'Listener that takes the connection, by name.', helpValue: 'NAME', exclusive: ['port']}),
  port: Flags.integer({description: 'Port the connection arrives at.', helpValue: 'PORT', min: 1, max: 65_535}),
  src: addressFlag({description: 'Address of the client.'}),
  dst: addressFlag({description: 'Address that was dialled, before redirection.'}),
  identity: Flags.string({description: 'SPIFFE identity of the client certificate.', helpGroup: REQUEST, helpValue: 'SPIFFE-ID'}),
  alpn: Flags.string({
    description: 'Protocol offered in the TLS handshake.',
    helpGroup: REQUEST,
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
  }),
  authority: Flags.string({description: 'HTTP :authority, or Host.', helpGroup: REQUEST, helpValue: 'HOST'}),
  'ztunnel-version': Flags.custom<number>({
    description: 'Istio release to take a Rust ztunnel for, such as 1.26 (default: what its dump says or shows).',
    helpGroup: SOURCES,
    helpValue: 'VERSION',
    parse: (text) => Promise.resolve(parseIstioMinor(text)),
  })(),
  inner: Flags.custom<InnerRequest>({
    description: 'Request inside the CONNECT, such as "GET productpage:9080/".',
    helpGroup: REQUEST,
    helpValue: 'REQUEST',
    parse: (text) => Promise.resolve(parseInner(text)),
  })(),
}

/** How traces are printed. */
export const traceOutputFlags = {
  output: Flags.option({char: 'o', default: 'tree', description: 'Format of the answer.', options: ['tree', 'minimal', 'json'] as const})(),
  verbose: Flags.boolean({char: 'v', description: 'Show every listener passage, and what was ruled out.'}),
  evidence: Flags.boolean({description: 'Show where each step can be checked: file#pointer.'}),
  expect: Flags.custom<VerdictKind>({
    description: 'Exit with 0 if this is the verdict, such as denied, else with 1.',
    helpValue: 'VERDICT',
    parse: (text) => Promise.resolve(parseVerdict(text)),
  })(),
  'max-branches': Flags.integer({description: 'Branches to follow at most (default: 10000).', helpValue: 'N', min: 1}),
  batch: Flags.string({description: 'Answer a question per line: NDJSON in, NDJSON out; - is standard input.', helpValue: 'FILE'}),
}

/** What the questions touch, and how much of it they must. */
export const coverageFlags = {
  coverage: Flags.boolean({description: 'Tell which listeners, chains, routes, policies and clusters were touched.', helpGroup: COVERAGE}),
  'fail-under': Flags.custom<CoverageGoal>({
    description: 'Exit with 1 if less was touched; KIND=PERCENT for one kind, such as routes=80. Repeatable. Implies --coverage.',
    helpGroup: COVERAGE,
    helpValue: 'PERCENT',
    multiple: true,
    multipleNonGreedy: true,
    parse: (text) => Promise.resolve(parseGoal(text)),
  })(),
}

export function limitsOf(flags: {readonly 'max-branches'?: number | undefined}): Partial<TraceLimits> {
  const maxBranches = flags['max-branches']
  return maxBranches === undefined ? {} : {maxBranches}
}

export function pinsOf(flags: {
  readonly 'pick-endpoint'?: string[] | undefined
  readonly 'pick-waypoint'?: string[] | undefined
  readonly 'pick-route'?: string[] | undefined
}): readonly string[] {
  return [...(flags['pick-endpoint'] ?? []), ...(flags['pick-waypoint'] ?? []), ...(flags['pick-route'] ?? [])]
}

export function meshOptionsOf(flags: {
  readonly 'envoy-version'?: MeshOptions['envoyVersion'] | undefined
  readonly 'network-policies'?: string | undefined
}): MeshOptions {
  const {'envoy-version': envoyVersion, 'network-policies': networkPolicies} = flags
  return {
    ...(envoyVersion === undefined ? {} : {envoyVersion}),
    ...(networkPolicies === undefined ? {} : {networkPolicies}),
  }
}

export function sourcesOf(flags: {
  readonly snapshot?: string[] | undefined
  readonly file?: string[] | undefined
  readonly demo?: string | undefined
}): SnapshotSources {
  return {
    paths: flags.snapshot ?? [],
    files: flags.file ?? [],
    ...(flags.demo === undefined ? {} : {demo: flags.demo}),
    environment: process.env,
  }
}

function pinFlag(what: string): ReturnType<typeof repeatedString> {
  return repeatedString(`Follow only this ${what} where there is a choice. Repeatable.`, 'ADDRESS')
}

function repeatedString(description: string, helpValue: string) {
  return Flags.string({description, helpValue, multiple: true, multipleNonGreedy: true})
}

function parseAddress(text: string): SocketAddress {
  const address = isIP(text) === 0 ? parseSocket(text) : {ip: text, port: 0}
  if (address === undefined || isIP(address.ip) === 0) {
    const help = text.includes('/') ? {help: 'What a URL says beside the address goes into --authority, --path and --sni.'} : {}
    throw new UsageError({what: 'This is no address.', expected: 'IP:PORT or [IPV6]:PORT', got: text, ...help})
  }
  return address
}

function parseGoal(text: string): CoverageGoal {
  const [, name, number = ''] = /^(?:([a-z-]+)=)?(\d{1,3}(?:\.\d+)?)$/.exec(text) ?? []
  const kind = COVERAGE_KINDS.find((known) => known === name)
  const percent = Number(number)
  if (number === '' || percent > 100 || (name !== undefined && kind === undefined)) {
    throw new UsageError({
      what: 'This is no coverage to reach.',
      where: '--fail-under',
      expected: `0 to 100, alone or behind one of ${COVERAGE_KINDS.map((known) => `${known}=`).join(' ')}`,
      got: text,
    })
  }
  return {percent, ...(kind === undefined ? {} : {kind})}
}

function parseInner(text: string): InnerRequest {
  const [, method, authority, path = '/'] = /^([A-Za-z]+)\s+([^\s/]+)(\/\S*)?$/.exec(text.trim()) ?? []
  if (method === undefined || authority === undefined) {
    throw new UsageError({what: 'This is no request.', expected: 'METHOD HOST/PATH', got: text})
  }
  return {method: method.toUpperCase(), authority, path}
}

function parseVerdict(text: string): VerdictKind {
  const verdict = VERDICT_KINDS.find((known) => known === text)
  if (verdict === undefined) throw new UsageError({what: 'This is no verdict.', expected: VERDICT_KINDS.join(', '), got: text})
  return verdict
}

function parseVersion(text: string): EnvoyVersion {
  const version = parseEnvoyVersion(text)
  if (version === undefined) throw new UsageError({what: 'This is no Envoy version.', expected: 'such as 1.24', got: text})
  return version
}

/** Rust ztunnels exist since Istio 1.18. */
function parseIstioMinor(text: string): number {
  const minor = Number(/^v?1\.(\d{2})(?:\.\d{1,3})?$/.exec(text)?.[1] ?? 0)
  if (minor < 18) throw new UsageError({what: 'This is no release with a Rust ztunnel.', expected: 'such as 1.26', got: text})
  return minor
}

function parseHeader(text: string): [string, string] {
  const colon = text.indexOf(':')
  if (colon <= 0) throw new UsageError({what: 'This is no header.', expected: 'name:value', got: text})
  return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()]
}
