import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {runNode} from '../cli/run-program.js'
import {manifestIn, scratch} from './harness.js'

const CONTEXT = process.env['AMBIENTCTL_E2E_CONTEXT'] ?? ''
const env = {HOME: process.env['HOME'], KUBECONFIG: process.env['KUBECONFIG']}

/** A cluster that the developer points at with AMBIENTCTL_E2E_CONTEXT: nobody knows what is in it, but every ztunnel can be read. */
describe(`the cluster of context ${CONTEXT}`, () => {
  it('is recorded, and the recording opens', async () => {
    const directory = path.join(scratch(), 'recorded')
    const recorded = await runNode([path.resolve('bin/run.js'), 'record', directory, '--context', CONTEXT], {env})
    expect(recorded.code).toBe(EXIT_CODES.ok)
    const ztunnels = manifestIn(directory).files.filter(({pod}) => pod?.startsWith('ztunnel') === true)
    expect(ztunnels.length).toBeGreaterThan(0)
    expect(ztunnels.every(({bytes}) => (bytes ?? 0) > 0)).toBe(true)
  })
})
