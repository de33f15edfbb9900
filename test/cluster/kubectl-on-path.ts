import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeEach, vi} from 'vitest'
import {FakeKubectl} from '../tools/fake-kubectl.js'

/** Starting programs takes its time on a machine that does much else. */
const TIMEOUT_MS = 60_000

/** A kubectl that does as told, and is the one on the PATH in each test of the file. */
export function kubectlOnPath(): FakeKubectl {
  const kubectl = new FakeKubectl()
  vi.setConfig({testTimeout: TIMEOUT_MS})
  beforeEach(() => {
    vi.stubEnv('PATH', kubectl.dir)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })
  afterAll(() => {
    kubectl.remove()
  })
  return kubectl
}

/** A directory that goes after the tests of the file. */
export function directoryFor(topic: string): string {
  const dir = mkdtempSync(join(tmpdir(), `${topic}-`))
  afterAll(() => {
    rmSync(dir, {recursive: true})
  })
  return dir
}
