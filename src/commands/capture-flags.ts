import {isIP} from 'node:net'
import {Flags, type Interfaces} from '@oclif/core'
import {openCaptures, type CaptureShelf} from '../app/capture-shelf.js'
import {openLiveCapture} from '../app/live-capture.js'
import {isLiveMeant} from '../app/trace-source.js'
import {parseSocket, type SocketAddress} from '../flow/address.js'
import {UsageError} from '../flow/errors.js'
import {accessFlags, istioNamespaceFlag, liveOnly, liveRequest, proxyFlags} from './cluster-flags.js'
import {policyFlags, sourceFlags, sourcesOf} from './flags.js'
import type {Opener} from './trace-flags.js'

const PACKET = 'PACKET'

const address = Flags.custom<SocketAddress>({
  helpGroup: PACKET,
  helpValue: 'IP[:PORT]',
  parse: (text) => Promise.resolve(parseAddress(text)),
})

/** One packet, and how it reaches the rules. */
const packetFlags = {
  dst: address({description: 'Where the packet goes.'}),
  src: address({description: 'Where it comes from (default: as the kernel chooses).'}),
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

function parseAddress(text: string): SocketAddress {
  const parsed = isIP(text) === 0 ? parseSocket(text) : {ip: text, port: 0}
  if (parsed === undefined || isIP(parsed.ip) === 0) {
    throw new UsageError({what: 'This is no address.', expected: 'IP, IP:PORT or [IPV6]:PORT', got: text})
  }
  return parsed
}

function parseMark(text: string): number {
  const mark = /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : Number.NaN
  if (!(mark <= 0xffff_ffff)) throw new UsageError({what: 'This is no mark.', expected: 'a number such as 0x539', got: text})
  return mark
}
