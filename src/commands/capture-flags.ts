import {isIP} from 'node:net'
import {Flags} from '@oclif/core'
import {parseSocket, type SocketAddress} from '../flow/address.js'
import {UsageError} from '../flow/errors.js'

const PACKET = 'PACKET'

const address = Flags.custom<SocketAddress>({
  helpGroup: PACKET,
  helpValue: 'IP[:PORT]',
  parse: (text) => Promise.resolve(parseAddress(text)),
})

/** One packet, and how it reaches the rules. */
export const packetFlags = {
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
