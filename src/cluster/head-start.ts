import {parseArgs} from 'node:util'
import type {ChildProgram} from './child-program.js'
import {startIntoFile, type FileProgram} from './file-program.js'
import {guessOf} from './guess.js'
import {PartialFile} from './partial-file.js'
import {transportArguments, TRANSPORTS} from './transport-arguments.js'

/** As the flags of `dump` that say where the bytes come from and where they go. */
const OPTIONS = {
  'output-file': {type: 'string'},
  namespace: {type: 'string', short: 'n'},
  container: {type: 'string', short: 'c'},
  context: {type: 'string'},
  kubeconfig: {type: 'string'},
  transport: {type: 'string'},
  timeout: {type: 'string', default: '60'},
} as const

/** What kubectl is to be told, and the file it writes into. */
interface EarlyCall {
  readonly path: string
  readonly args: readonly string[]
  readonly timeoutMs: number
}

interface Begun {
  readonly file: PartialFile
  readonly program: FileProgram
}

/**
 * A kubectl that fetches a dump into its file while the rest of this program is still being loaded. Whoever reads the command line later
 * takes it if it does what is wanted then; otherwise it is stopped, and nothing is left of it.
 */
export class HeadStart {
  #taken = false

  private constructor(
    private readonly call: EarlyCall,
    private readonly begun: Begun,
  ) {
    process.once('exit', () => {
      if (this.#taken) return
      begun.program.stop()
      begun.file.discardAtOnce()
    })
  }

  /** Begins where the words of `dump` are plain enough to be read without the rest of the program; else undefined. */
  static async begin(words: readonly string[]): Promise<HeadStart | undefined> {
    try {
      const call = readCall(words)
      if (call === undefined) return undefined
      const file = await PartialFile.create(call.path)
      return new HeadStart(call, {file, program: startIntoFile('kubectl', {...call, stdout: file.descriptor})})
    } catch {
      // The command itself will meet the same, and say what it is.
      return undefined
    }
  }

  /** The file that is written into, where it is the one that is wanted. */
  fileFor(path: string): PartialFile | undefined {
    return path === this.call.path ? this.begun.file : undefined
  }

  /** The kubectl that runs, for whom it does what is wanted; once, and then never again. */
  async take(
    args: readonly string[],
    {cancelSignal}: {readonly cancelSignal?: AbortSignal | undefined},
  ): Promise<ChildProgram | undefined> {
    if (this.#taken) return undefined
    this.#taken = true
    const {program} = this.begun
    if (args.join('\0') === this.call.args.join('\0')) {
      program.cancelOn(cancelSignal)
      return program
    }
    program.stderr?.resume()
    program.stop()
    await program.ended
    return undefined
  }
}

/** @throws Error for words that are not understood. */
function readCall(words: readonly string[]): EarlyCall | undefined {
  const {values, positionals} = parseArgs({args: [...words], options: OPTIONS, allowPositionals: true, strict: true})
  const {'output-file': path, namespace, container, context, kubeconfig, timeout} = values
  const [pod, ...others] = positionals
  const transport = TRANSPORTS.find((way) => way === values.transport)
  if (path === undefined || pod === undefined || others.length > 0 || transport !== values.transport || !/^[1-9]\d{0,3}$/.test(timeout)) {
    return undefined
  }
  const guess = guessOf({pod, access: {namespace}, container, transport})
  if (guess === undefined) return undefined
  return {
    path,
    args: transportArguments(guess.transport, {target: guess.target, access: {context, kubeconfig}}),
    timeoutMs: Number(timeout) * 1000,
  }
}
