import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'

/** What the stand-in does when it is run. */
export interface Behaviour {
  readonly stdout?: string | Uint8Array
  readonly stderr?: string
  readonly exit?: number
  /** Waits so long after its output. */
  readonly sleepMs?: number
}

/** What it does when its arguments, joined with blanks, match `when`: the first that matches counts. */
export interface Rule extends Omit<Behaviour, 'stdout'> {
  readonly when: string
  readonly stdout?: string
  /** Prints this text over and over, up to so many bytes. */
  readonly flood?: {readonly head: string; readonly body: string; readonly tail: string; readonly times: number}
  /** As `port-forward`: listens, says so, and answers HTTP with this. `cutAfter` drops the connection after so many bytes. */
  readonly serve?: {readonly body: string; readonly status?: number; readonly cutAfter?: number; readonly host?: string}
  /** Counts for the first so many runs only. */
  readonly times?: number
}

/** A program called `kubectl` in a directory of its own, which notes its arguments and plays a scene. */
export class FakeKubectl {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'kubectl-'))

  constructor() {
    const program = path.join(this.dir, 'kubectl')
    writeFileSync(program, `#!${process.execPath}\n${SCRIPT}`)
    chmodSync(program, 0o755)
  }

  /** The same for every run. */
  play({stdout = '', ...scene}: Behaviour): void {
    this.#reset([{...scene, when: ''}])
    writeFileSync(path.join(this.dir, 'stdout'), stdout)
  }

  /** Each run by the first rule that matches; without one it fails. */
  playAll(rules: readonly Rule[]): void {
    this.#reset(rules)
  }

  /** Arguments of the last run; undefined when it was not run. */
  args(): unknown {
    return this.calls().at(-1)
  }

  /** Arguments of all runs, in their order. */
  calls(): readonly unknown[] {
    const calls: unknown[] = this.#lines('calls').map((line): unknown => JSON.parse(line))
    return calls
  }

  /** Whether the process of any run still lives. */
  isRunning(): boolean {
    return this.#lines('pids').some((pid) => {
      try {
        return process.kill(Number(pid), 0)
      } catch {
        return false
      }
    })
  }

  /** The most processes that lived at once, as each of them counted when it began. */
  mostAtOnce(): number {
    return Math.max(0, ...this.#lines('alive').map(Number))
  }

  remove(): void {
    rmSync(this.dir, {recursive: true})
  }

  #reset(rules: readonly Rule[]): void {
    for (const name of ['calls', 'pids', 'alive', 'stdout']) rmSync(path.join(this.dir, name), {force: true})
    writeFileSync(path.join(this.dir, 'rules.json'), JSON.stringify(rules))
  }

  #lines(name: string): readonly string[] {
    const file = path.join(this.dir, name)
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
  }
}

const SCRIPT = `
const fs = require('node:fs')
const path = require('node:path')
const at = (name) => path.join(__dirname, name)
const args = process.argv.slice(2)
const lines = (name) => fs.existsSync(at(name)) ? fs.readFileSync(at(name), 'utf8').trimEnd().split('\\n') : []
const lives = (pid) => { try { return process.kill(Number(pid), 0) } catch { return false } }
fs.appendFileSync(at('pids'), process.pid + '\\n')
fs.appendFileSync(at('alive'), lines('pids').filter(lives).length + '\\n')
const rules = JSON.parse(fs.readFileSync(at('rules.json'), 'utf8'))
const earlier = lines('calls').map((line) => JSON.parse(line).join(' '))
fs.appendFileSync(at('calls'), JSON.stringify(args) + '\\n')
const matches = (rule, text) => new RegExp(rule.when).test(text)
const rule = rules.find((one) => matches(one, args.join(' ')) && !(earlier.filter((text) => matches(one, text)).length >= (one.times ?? Infinity)))
  ?? {stderr: 'error: no rule for ' + args.join(' ') + '\\n', exit: 70}
const {stderr = '', exit = 0, sleepMs = 0, serve, flood} = rule
process.stderr.write(stderr)
const end = () => setTimeout(() => process.exit(exit), sleepMs)
const pour = (left) => {
  if (left === 0) return process.stdout.write(flood.tail, end)
  process.stdout.write(flood.body, () => pour(left - 1))
}
if (serve) {
  const {body, status = 200, cutAfter, host = '127.0.0.1'} = serve
  const server = require('node:http').createServer((request, response) => {
    fs.appendFileSync(at('requests'), request.url + '\\n')
    response.writeHead(status, {'content-length': Buffer.byteLength(body)})
    if (cutAfter === undefined) response.end(body)
    else response.write(body.slice(0, cutAfter), () => { process.stderr.write('error: lost connection to pod\\n'); setTimeout(() => response.socket.destroy(), 20) })
    process.stdout.write('Handling connection for ' + server.address().port + '\\n')
  })
  server.listen(0, host, () => {
    const {port} = server.address()
    process.stdout.write('Forwarding from ' + (host.includes(':') ? '[' + host + ']' : host) + ':' + port + ' -> 15000\\n')
  })
} else if (flood) process.stdout.write(flood.head, () => pour(flood.times))
else process.stdout.write(rule.stdout ?? (fs.existsSync(at('stdout')) ? fs.readFileSync(at('stdout')) : ''), end)
`
