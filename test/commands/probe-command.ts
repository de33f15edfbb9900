import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../src/commands/base.js'
import {ExternalError, InputError} from '../../src/flow/errors.js'

/** Every way a command can end, to test what all commands share. */
const ENDINGS: Readonly<Record<string, (probe: ProbeCommand) => void | Promise<void>>> = {
  positive: (probe) => probe.end('positive'),
  negative: (probe) => probe.end('negative'),
  undetermined: (probe) => probe.end('undetermined'),
  input: () => {
    throw new InputError({
      what: 'The dump cannot be read.',
      file: 'proxies/a.json',
      pointer: '/configs/3',
      expected: 'a list',
      got: 'a \u001B[2Jstring',
      help: 'Collect it again.',
    })
  },
  external: () => {
    throw new ExternalError({
      what: 'kubectl failed.',
      command: ['kubectl', 'get', 'pods'],
      exit: 1,
      stderr: '\u001B[31mno\nroute\u001B[0m\n',
    })
  },
  bug: () => {
    throw new TypeError('hop is undefined')
  },
  stray: () => {
    setTimeout(() => {
      throw new TypeError('nobody waits for me')
    })
    return new Promise(() => undefined)
  },
  wait: async () => {
    process.stderr.write('waiting\n')
    await new Promise((resolve) => setTimeout(resolve, 20_000))
  },
  cancel: (probe) => probe.waitForCancel(),
  stream: (probe) => probe.stream(),
}

export class ProbeCommand extends BaseCommand {
  static override description = 'Ends as told.'
  static override args = {ending: Args.string({required: true, options: Object.keys(ENDINGS), description: 'How to end.'})}
  static override flags = {
    pairs: Flags.integer({description: 'A number.'}),
    form: Flags.string({options: ['tree', 'json'], description: 'A choice.'}),
    warn: Flags.boolean({description: 'Warn first.'}),
    source: Flags.custom({
      description: 'A flag with a parser that fails in its own way.',
      parse: (text) => Promise.reject(new InputError({what: 'The source file is empty.', file: text})),
    })(),
  }

  async run(): Promise<object> {
    const {args, flags} = await this.parse(ProbeCommand)
    if (flags.warn) this.warn('the capture of node \u0007a is missing')
    await ENDINGS[args.ending]?.(this)
    const {theme, width} = this.look(flags)
    await this.print(`${theme.ok('done')} in ${width} columns`)
    return {ending: args.ending}
  }

  end(outlook: 'positive' | 'negative' | 'undetermined'): void {
    this.conclude(outlook)
  }

  async stream(): Promise<void> {
    await this.print(numberedLines(1_000_000))
  }

  async waitForCancel(): Promise<void> {
    const signal = this.cancelSignal()
    process.stderr.write('waiting\n')
    await new Promise((_, reject) => {
      const timer = setTimeout(reject, 20_000)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        process.stderr.write('cleaned up\n')
        reject(new Error('stopped'))
      })
    })
  }
}

async function* numberedLines(count: number): AsyncGenerator<string> {
  for (let line = 1; line <= count; line++) yield await Promise.resolve(`line ${line}\n`)
}
