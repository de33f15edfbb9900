import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {untilReady} from './cluster.js'
import {ambientctl, runningCluster, startAmbientctl} from './harness.js'
import {end, launch, until} from './processes.js'

const {folder, api, apiServer} = runningCluster()
const PID = path.join(folder, 'apiserver.pid')

describe('an API server that goes away in the middle', () => {
  afterAll(async () => {
    writeFileSync(PID, String(launch(apiServer)))
    await untilReady(api)
  })

  it('ends the dump with how far it came', async () => {
    const running = startAmbientctl('admin', 'dump', 'lab/drip', '--transport', 'exec-curl', '--timeout', '120')
    await until('the first bytes came', () => Promise.resolve(running.bytes() > 0))
    end(Number(readFileSync(PID, 'utf8')))
    const {code, stderr} = await running.ended
    expect(code).toBe(EXIT_CODES.external)
    expect(stderr).toMatch(/lost|breaks off/)
    expect(stderr).toContain(`${running.bytes()} bytes`)
  })

  it('cannot be reached afterwards', async () => {
    const {code, stderr} = await ambientctl('admin', 'dump', 'lab/curl-only')
    expect(code).toBe(EXIT_CODES.external)
    expect(stderr).toContain('The cluster cannot be reached.')
  })
})
