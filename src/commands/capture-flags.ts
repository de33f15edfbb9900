import {isIP} from 'node:net'
import {Flags, type Interfaces} from '@oclif/core'
import type {CaptureQuestion} from '../app/capture.js'
import {openCaptures, type CaptureShelf} from '../app/capture-shelf.js'
import {openLiveCapture} from '../app/live-capture.js'
import {isLiveMeant} from '../app/trace-source.js'
import {parseSocket, type SocketAddress} from '../flow/address.js'
import {UsageError} from '../flow/errors.js'
import {accessFlags, istioNamespaceFlag, liveOnly, liveRequest, proxyFlags} from './cluster-flags.js'
import {policyFlags, sourceFlags, sourcesOf} from './flags.js'
import type {Opener} from './trace-flags.js'

const PACKET = 'PACKET'

type SocketOwner = NonNullable<CaptureQuestion['owner']>

const address = Flags.custom<SocketAddress>({helpGroup: PACKET, helpValue: 'IP[:PORT]'})

/** One packet, and how it reaches the rules. */
const packetFlags = {
  dst: address({
    description: 'Where the packet goes: an address, with a port unless it is icmp.',
    parse: (text) => Promise.resolve(parseAddress(text, '--dst')),
  }),
  src: address({
    description: 'Where it comes from (default: as the kernel chooses).',
    parse: (text) => Promise.resolve(parseAddress(text, '--src')),
  }),
  proto: Flags.option({description: 'Protocol.', default: 'tcp', helpGroup: PACKET, options: ['tcp', 'udp', 'icmp'] as const})(),
  'in-device': Flags.string({
    description: 'Device it comes in on (default: a process of the place sends it).',
    helpGroup: PACKET,
    helpValue: 'DEVICE',
  }),
  mark: Flags.custom<number>({
    description: 'Mark of the packet, or of the sending socket.',
    helpGroup: PACKET,
    helpValue: 'MARK',
    parse: (text) => Promise.resolve(parseMark(text)),
  })(),
  uid: Flags.custom<SocketOwner>({
    description: 'User of the process that sends it, for rules on owners (default: not known; the group is the same number).',
    helpGroup: PACKET,
    helpValue: 'UID[:GID]',
    parse: (text) => Promise.resolve(parseOwner(text)),
  })(),
}

const {snapshot, demo} = sourceFlags
const {save, namespace} = proxyFlags

export const captureFlags = {
  snapshot,
  demo,
  ...packetFlags,
  explain: Flags.boolean({description: 'Show every rule that was looked at.'}),
  ...policyFlags,
  batch: Flags.string({description: 'Answer a packet per line: NDJSON in, NDJSON out; - is standard input.', helpValue: 'FILE'}),
  save,
  namespace,
  ...accessFlags,
  ...istioNamespaceFlag,
}

export type CaptureFlags = Interfaces.InferredFlags<typeof captureFlags>

/** The rules that were recorded, and what the place is called there. */
export interface CaptureSource {
  readonly shelf: CaptureShelf
  readonly target: string | undefined
}

/** What the flags name, else what the live cluster shows around the place. */
export async function captureSource(
  {target, flags}: {readonly target: string | undefined; readonly flags: CaptureFlags},
  {version, progress, cancelSignal}: Omit<Opener, 'warn'>,
): Promise<CaptureSource> {
  const sources = sourcesOf(flags)
  if (!isLiveMeant({sources, liveOnly: liveOnly(flags)})) return {shelf: await openCaptures(sources), target}
  const request = {...liveRequest(flags), tool: {name: 'ambientctl', version}, progress, cancelSignal: cancelSignal()}
  return openLiveCapture({...request, target, destination: flags.dst?.ip})
}

/** The packet that the flags describe; undefined where they ask for none. @throws UsageError for half a packet, and for one beside a batch. */
export function packetOf({dst, src, proto, 'in-device': inDevice, mark, uid, batch}: CaptureFlags): object | undefined {
  const parts = Object.entries({'--dst': dst, '--src': src, '--in-device': inDevice, '--mark': mark, '--uid': uid})
  const [given] = parts.flatMap(([flag, value]) => (value === undefined ? [] : [flag]))
  if (given === undefined) return undefined
  if (batch !== undefined) throw new UsageError({what: 'The packets of a batch are in its lines.', where: given, got: '--batch beside it'})
  if (dst !== undefined) return {destination: dst, source: src, protocol: proto, inDevice, mark, owner: uid}
  throw new UsageError({what: 'A packet goes somewhere.', where: given, expected: '--dst IP:PORT', got: 'no --dst'})
}

function parseAddress(text: string, flag: string): SocketAddress {
  const parsed = isIP(text) === 0 ? parseSocket(text) : {ip: text, port: 0}
  if (parsed === undefined || isIP(parsed.ip) === 0) {
    throw new UsageError({
      what: 'This is no address.',
      where: flag,
      expected: 'IP, IP:PORT or [IPV6]:PORT',
      got: text,
      help: 'Packets know no names: `ambientctl trace` resolves them.',
    })
  }
  return parsed
}

function parseOwner(text: string): SocketOwner {
  const [, user, group = user] = /^(\d{1,9})(?::(\d{1,9}))?$/.exec(text) ?? []
  if (user !== undefined) return {user: Number(user), group: Number(group)}
  throw new UsageError({what: 'This is no user.', where: '--uid', expected: 'UID or UID:GID, as numbers', got: text})
}

function parseMark(text: string): number {
  const mark = /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : Number.NaN
  if (mark <= 0xffff_ffff) return mark
  throw new UsageError({what: 'This is no mark.', where: '--mark', expected: 'a number such as 0x539', got: text})
}
