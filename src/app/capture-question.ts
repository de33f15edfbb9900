import {z} from 'zod'
import {parseSocket, type SocketAddress} from '../flow/address.js'
import {UsageError} from '../flow/errors.js'
import {exitCodeOf, worstExitCode, type ExitCode} from '../flow/exit-code.js'
import type {LineAnswer} from './answer-lines.js'
import type {CaptureAnswer, CaptureQuestion} from './capture.js'

const port = z.int().min(0).max(65_535)
const ip = z.union([z.ipv4(), z.ipv6()], 'expected an IP address')
/** Also as one types it: `10.0.0.1:80`. */
const socket = z.preprocess(typed, z.strictObject({ip, port: port.default(0)}))

function typed(value: unknown): unknown {
  if (typeof value !== 'string') return value
  return parseSocket(value) ?? {ip: value}
}

const id = z.int().min(0).max(0xffff_ffff)
const question = z
  .strictObject({
    target: z.string().min(1),
    source: z.exactOptional(socket),
    destination: socket,
    protocol: z.enum(['tcp', 'udp', 'icmp']).default('tcp'),
    inDevice: z.exactOptional(z.string().min(1)),
    mark: id.default(0),
    owner: z.exactOptional(z.strictObject({user: id, group: id})),
  })
  .refine(hasPort, {path: ['destination', 'port'], error: 'expected a port: tcp and udp have one'})

function hasPort({protocol, destination}: {readonly protocol: string; readonly destination: SocketAddress}): boolean {
  return protocol === 'icmp' || destination.port > 0
}

/** A question as a line of `capture --batch`; a line may leave the place to the command line. @throws ZodError */
export function readCaptureQuestion(value: unknown, target?: string): CaptureQuestion {
  return question.parse(target !== undefined && typeof value === 'object' && value !== null ? {target, ...value} : value)
}

/** A question from a command line: absent flags are undefined. @throws UsageError where something is missing. */
export function captureQuestionFrom(members: Readonly<Record<string, unknown>>): CaptureQuestion {
  const parsed = question.safeParse(Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)))
  if (parsed.success) return parsed.data
  const lacksPort = parsed.error.issues.some(({path}) => path.join('.') === 'destination.port')
  throw new UsageError({
    what: lacksPort ? '--dst has no port.' : 'PLACE or --dst is missing.',
    expected: 'capture PLACE --dst IP:PORT',
    help: lacksPort ? 'Only --proto icmp goes without.' : 'Or give packets with --batch.',
  })
}

/** The exit code of a batch: a line that failed, else a negative answer, else an undetermined one. */
export function captureExitCode(answers: readonly LineAnswer<CaptureAnswer>[]): ExitCode {
  return worstExitCode(answers.map((one) => (one.kind === 'failure' ? one.failure.exitCode : exitCodeOf(one.answer.outlook))))
}
