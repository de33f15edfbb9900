import {readFileSync} from 'node:fs'
import {z} from 'zod'
import {formatSocket, type SocketAddress} from '../../../src/flow/address.js'
import {joinNamespaces, type Network} from '../../../src/kernel/config/network.js'
import type {NetworkNamespace} from '../../../src/kernel/config/namespace.js'
import {standIn} from '../../../src/kernel/config/stand-in.js'
import {walkAttempt, type Outcome} from '../../../src/kernel/walk/connect.js'
import {recordedNamespaces} from '../capture-states.js'

const attempt = z.strictObject({
  id: z.string(),
  namespace: z.string(),
  protocol: z.enum(['tcp', 'udp', 'icmp']),
  source: z.string().exactOptional(),
  destination: z.strictObject({ip: z.string(), port: z.number()}),
  mark: z.number().default(0),
  transparent: z.boolean().default(false),
})
const ends = z.record(z.string(), z.string())
const fault = z.strictObject({
  name: z.string(),
  /** Lines of one file of `fixtures/capture-states/node-2022`, numbered from 1, that others stand in for. */
  hunks: z.array(z.strictObject({file: z.string(), line: z.number(), remove: z.number(), add: z.array(z.string())})),
  /** Attempts whose end the kernel did not tell, and why. */
  leftOut: z.array(z.string()).exactOptional(),
  because: z.string().exactOptional(),
  /** Ends that are others than in the healthy node. */
  differs: ends,
})
const recording = z.strictObject({attempts: z.array(attempt), healthy: ends, faults: z.array(fault)})

export type Fault = z.infer<typeof fault>

/**
 * The healthy node of `node-2022`, and the same node with one thing changed at a time, as a real kernel treated them (Linux 6.18): the
 * texts were loaded into namespaces of their own, and every attempt was made with real sockets.
 */
export const RECORDING = recording.parse(JSON.parse(readFileSync(new URL('single-faults.json', import.meta.url), 'utf8')))

/** The namespaces of the node with the change. */
export function withFault({hunks}: Pick<Fault, 'hunks'>): readonly NetworkNamespace[] {
  return recordedNamespaces('node-2022', (path, text) => hunks.filter(({file}) => file === path).reduceRight(patched, text))
}

/** From the last to the first, so that line numbers hold. */
function patched(text: string, {line, remove, add}: Fault['hunks'][number]): string {
  return text
    .split('\n')
    .toSpliced(line - 1, remove, ...add)
    .join('\n')
}

/** Everything beyond the node: its gateway, another node, a pod there, and a server outside. */
function beyond(node: NetworkNamespace): NetworkNamespace {
  const attachment = node.devices.find(({name}) => name === 'eth0')?.attachment
  if (attachment?.kind !== 'pair') throw new Error('eth0 is no pair')
  return standIn({
    name: 'peer',
    device: 'lan0',
    link: {namespace: 'node', device: 'eth0', index: 100, peerIndex: attachment.peerIndex},
    addresses: ['172.18.0.1/16', '172.18.0.2/16', '10.244.0.7', '203.0.113.80'],
    routes: [{to: '10.244.2.0/24', via: '172.18.0.3'}],
    ports: [
      ...[5000, 443, 15_008].map((port) => ({protocol: 'tcp' as const, port})),
      ...[4000, 53].map((port) => ({protocol: 'udp' as const, port})),
    ],
    forwards: true,
  })
}

/** The end of each of the recorded attempts, where random rules leave several open the recorded one: `connected node:80 for 10.0.0.1:80, answered`. */
export function endsIn(namespaces: readonly NetworkNamespace[], recorded: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const node = namespaces.find(({name}) => name === 'node')
  if (node === undefined) throw new Error('no node')
  const network = joinNamespaces([...namespaces, beyond(node)])
  const asked = RECORDING.attempts.filter(({id}) => recorded.has(id))
  return new Map(
    asked.map((one, at) => {
      const found = endsOf(network, {...one, sourcePort: 20_000 + at})
      return [one.id, found.find((end) => end === recorded.get(one.id)) ?? found.join(' or ')]
    }),
  )
}

function endsOf(network: Network, asked: Parameters<typeof walkAttempt>[1]): readonly string[] {
  return (walkAttempt(network, asked) ?? []).map(({outcome}) => textOf(outcome))
}

function textOf({result, owner, answered, doubts}: Outcome): string {
  const [doubt] = doubts
  if (doubt !== undefined) return `undetermined: ${doubt}`
  const accepted = owner === undefined ? '' : ` ${owner.namespace}:${owner.port} for ${seenBy(owner)}`
  return `${result}${accepted}${answered ? ', answered' : ''}`
}

function seenBy({originalDestination}: {readonly originalDestination: SocketAddress}): string {
  return formatSocket(originalDestination)
}
