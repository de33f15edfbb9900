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

/** A program called `kubectl` in a directory of its own, which notes its arguments and plays a scene. */
export class FakeKubectl {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'kubectl-'))

  constructor() {
    const program = path.join(this.dir, 'kubectl')
    writeFileSync(program, `#!${process.execPath}\n${SCRIPT}`)
    chmodSync(program, 0o755)
  }

  play({stdout = '', ...scene}: Behaviour): void {
    rmSync(path.join(this.dir, 'args.json'), {force: true})
    writeFileSync(path.join(this.dir, 'stdout'), stdout)
    writeFileSync(path.join(this.dir, 'scene.json'), JSON.stringify(scene))
  }

  /** Arguments of the last run; undefined when it was not run. */
  args(): unknown {
    const file = path.join(this.dir, 'args.json')
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  }

  /** Whether the process of the last run still lives. */
  isRunning(): boolean {
    try {
      return process.kill(Number(readFileSync(path.join(this.dir, 'pid'), 'utf8')), 0)
    } catch {
      return false
    }
  }

  remove(): void {
    rmSync(this.dir, {recursive: true})
  }
}

const SCRIPT = `
const fs = require('node:fs')
const path = require('node:path')
const at = (name) => path.join(__dirname, name)
fs.writeFileSync(at('args.json'), JSON.stringify(process.argv.slice(2)))
fs.writeFileSync(at('pid'), String(process.pid))
const {stderr = '', exit = 0, sleepMs = 0} = JSON.parse(fs.readFileSync(at('scene.json'), 'utf8'))
process.stderr.write(stderr)
process.stdout.write(fs.readFileSync(at('stdout')), () => setTimeout(() => process.exit(exit), sleepMs))
`
