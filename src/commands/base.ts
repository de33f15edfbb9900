import {Command, Flags, type Interfaces} from '@oclif/core'
import {InterruptedError} from '../flow/errors.js'
import {exitCodeOf} from '../flow/exit-code.js'
import type {Outlook} from '../flow/verdict.js'
import {ProgressBar} from '../hooks/progress-bar.js'
import {reportFailure} from '../hooks/report-failure.js'
import {stdoutWidth, streamTheme} from '../hooks/terminal.js'
import {type Call, toUsageError} from '../hooks/usage-error.js'
import {renderWarning} from '../render/failure.js'
import {printableJson} from '../render/json-line.js'
import type {ProgressPlace} from '../render/progress-bar.js'
import type {Theme} from '../render/theme.js'
import {visible} from '../render/visible.js'
import {MINIMUM_WIDTH} from '../render/width.js'

/** How the result is to look on stdout. */
export interface Look {
  readonly theme: Theme
  readonly width: number
}

/**
 * What all commands share. A command parses its flags, calls a use case, prints the result with `print`, sets the exit
 * code with `conclude`, and returns the result as an object, which `--json` prints instead.
 * stdout carries the result only; warnings and failures go to stderr.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true

  static override baseFlags = {
    'no-color': Flags.boolean({description: 'Print without colour, as NO_COLOR does.', helpGroup: 'GLOBAL'}),
    width: Flags.integer({
      description: 'Columns the output may take (else COLUMNS, the terminal, or 100).',
      helpGroup: 'GLOBAL',
      helpValue: 'COLUMNS',
      min: MINIMUM_WIDTH,
    }),
  }

  private readonly warnings: string[] = []
  private bar: ProgressBar | undefined
  private readonly interrupt = new AbortController()
  private stringify: (json: unknown) => Iterable<string> = () => []

  /** The result. An object always: oclif prints nothing for a falsy one. */
  abstract override run(): Promise<object>

  /** Also remembers the warning for the `warnings` of the JSON result. */
  override warn(input: Error | string): Error | string {
    const warning = typeof input === 'string' ? input : input.message
    this.warnings.push(warning)
    this.bar?.clear()
    process.stderr.write(renderWarning(warning, streamTheme(process.stderr, this.argv)))
    return input
  }

  /** The theme and width for stdout. */
  protected look(flags: {readonly width?: number | undefined}): Look {
    return {theme: streamTheme(process.stdout, this.argv), width: stdoutWidth(flags.width)}
  }

  /** Writes the result for people, bytes as they are; with `--json` the returned object is the result and this writes nothing. */
  protected async print(text: string | AsyncIterable<string | Uint8Array>): Promise<void> {
    this.bar?.clear()
    if (this.jsonEnabled()) return
    if (typeof text === 'string') await write(text.endsWith('\n') ? text : `${text}\n`)
    else for await (const piece of text) await write(piece)
  }

  /** Tells people on stderr what is being done; JSON has no place for it. */
  protected progress(line: string): void {
    this.bar?.clear()
    if (!this.jsonEnabled()) process.stderr.write(`${visible(line)}\n`)
  }

  /** The same for one of many steps: a bar on a terminal, lines elsewhere. What failed stays as a line in any case. */
  protected step(text: string, place: ProgressPlace & {readonly isFailure: boolean}): void {
    this.bar ??= ProgressBar.on(process.stderr, this.argv)
    if (this.bar === undefined || this.jsonEnabled()) {
      this.progress(`${place.done}/${place.total} ${text}`)
      return
    }
    if (place.isFailure) this.progress(text)
    this.bar.draw(text, place)
  }

  /** Sets the exit code that goes with a result. A negative result is a result: it is returned, never thrown. */
  protected conclude(outlook: Outlook): void {
    process.exitCode = exitCodeOf(outlook)
  }

  /** Aborted by the first ^C, or who else ends it. Whoever takes it cleans up and rejects; a second ^C ends the process at once. */
  protected cancelSignal(): AbortSignal {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        this.interrupt.abort()
      })
    }
    return this.interrupt.signal
  }

  protected override async init(): Promise<void> {
    await super.init()
    // oclif would read a missing argument from stdin, where a dump or a batch may come in.
    for (const argument of Object.values(this.ctor.args)) argument.ignoreStdin = true
    if (!this.jsonEnabled()) return
    const {stringifyChunked} = await import('@discoveryjs/json-ext')
    this.stringify = (json) => stringifyChunked(json, null, 2)
  }

  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    try {
      return await super.parse(options, argv)
    } catch (thrown) {
      throw toUsageError(thrown, this.call())
    }
  }

  protected override catch(thrown: Error): Promise<never> {
    this.bar?.clear()
    const failure = this.interrupt.signal.aborted ? new InterruptedError({what: 'Interrupted.', cause: thrown}) : thrown
    return Promise.reject(reportFailure(failure, {argv: this.argv, json: this.jsonEnabled()}))
  }

  protected override toSuccessJson(result: object): object {
    const own: readonly unknown[] = 'warnings' in result && Array.isArray(result.warnings) ? result.warnings : []
    return {...result, warnings: [...own, ...this.warnings]}
  }

  /** In chunks: one string could pass the limit of the engine (libraries.md 0.3). */
  protected override logJson(json: unknown): void {
    for (const chunk of this.stringify(json)) process.stdout.write(printableJson(chunk))
    process.stdout.write('\n')
  }

  private call(): Call {
    const id = this.id?.replaceAll(':', ' ') ?? ''
    const names = Object.entries({...this.ctor.flags, ...this.ctor.baseFlags}).flatMap(([name, flag]) => [
      `--${name}`,
      ...('allowNo' in flag && flag.allowNo ? [`--no-${name}`] : []),
    ])
    return {name: `${this.config.bin} ${id}`, flags: [...names, '--json', '--help'], argv: this.argv}
  }
}

async function write(text: string | Uint8Array): Promise<void> {
  if (process.stdout.write(text)) return
  await new Promise<void>((resolve) => {
    process.stdout.once('drain', resolve)
  })
}
