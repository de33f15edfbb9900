import {z} from 'zod'
import {UsageError} from '../flow/errors.js'
import {exitCodeOf, worstExitCode, type ExitCode} from '../flow/exit-code.js'
import type {LineAnswer} from './answer-lines.js'
import type {CaptureAnswer, CaptureQuestion} from './capture.js'

const port = z.int().min(0).max(65_535)
const socket = z.strictObject({ip: z.union([z.ipv4(), z.ipv6()]), port: port.default(0)})
const question = z.strictObject({
  target: z.string().min(1),
  source: z.exactOptional(socket),
  destination: socket,
  protocol: z.enum(['tcp', 'udp', 'icmp']).default('tcp'),
  inDevice: z.exactOptional(z.string().min(1)),
  mark: z.int().min(0).max(0xffff_ffff).default(0),
})

/** A question as a line of `capture --batch`; a line may leave the place to the command line. @throws ZodError */
export function readCaptureQuestion(value: unknown, target?: string): CaptureQuestion {
  return question.parse(target !== undefined && typeof value === 'object' && value !== null ? {target, ...value} : value)
}

/** A question from a command line: absent flags are undefined. @throws UsageError without place or destination. */
export function captureQuestionFrom(members: Readonly<Record<string, unknown>>): CaptureQuestion {
  if (members['target'] === undefined || members['destination'] === undefined) {
    throw new UsageError({
      what: 'PLACE or --dst is missing.',
      expected: 'capture PLACE --dst IP:PORT',
      help: 'Or give packets with --batch.',
    })
  }
  return readCaptureQuestion(Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)))
}

/** The exit code of a batch: a line that failed, else a negative answer, else an undetermined one. */
export function captureExitCode(answers: readonly LineAnswer<CaptureAnswer>[]): ExitCode {
  return worstExitCode(answers.map((one) => (one.kind === 'failure' ? one.failure.exitCode : exitCodeOf(one.answer.outlook))))
}
