import type {Outlook} from './verdict.js'

/** What each exit code of the tool means; the same with and without `--json` (design §5). */
export const EXIT_CODES = {
  ok: 0,
  negative: 1,
  undetermined: 2,
  usage: 64,
  input: 65,
  external: 69,
  bug: 70,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES]

/** The meanings as help prints them, in ascending order. */
export const EXIT_CODE_MEANINGS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT_CODES.ok, 'as wished: every branch is positive, every assertion holds'],
  [EXIT_CODES.negative, 'a negative verdict, a finding or a failed assertion'],
  [EXIT_CODES.undetermined, 'undetermined: something that decides is not known'],
  [EXIT_CODES.usage, 'usage: an unknown or ambiguous command, flag or name'],
  [EXIT_CODES.input, 'bad input data: the message names the file and the place'],
  [EXIT_CODES.external, 'the cluster, kubectl, the network or the output is not available'],
  [EXIT_CODES.bug, 'a bug in this tool: please report it with the stack'],
  [EXIT_CODES.interrupted, 'interrupted'],
]

export function exitCodeOf(outlook: Outlook): ExitCode {
  switch (outlook) {
    case 'positive':
      return EXIT_CODES.ok
    case 'negative':
      return EXIT_CODES.negative
    case 'undetermined':
      return EXIT_CODES.undetermined
    default:
      return outlook satisfies never
  }
}

/** The exit code of several answers: the first that is none, else a negative one, else an undetermined one. */
export function worstExitCode(codes: readonly ExitCode[]): ExitCode {
  const failed = codes.find((code) => code > EXIT_CODES.undetermined)
  return failed ?? [EXIT_CODES.negative, EXIT_CODES.undetermined].find((code) => codes.includes(code)) ?? EXIT_CODES.ok
}
