import {createHash} from 'node:crypto'
import {createReadStream, readFileSync, statSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {ambientctl, runningCluster, scratch} from './harness.js'

const {folder} = runningCluster()
const SMALL = readFileSync(path.join(folder, 'small.json'), 'utf8')

describe('a dump', () => {
  it.each([
    {pod: 'lab/curl-only', transport: 'exec-curl'},
    {pod: 'lab/agent-only', transport: 'pilot-agent'},
    {pod: 'lab/forward-only', transport: 'port-forward'},
  ])('of $pod comes byte for byte, by $transport and nothing else', async ({pod, transport}) => {
    const dump = await ambientctl('admin', 'dump', pod)
    expect(dump.code).toBe(EXIT_CODES.ok)
    expect(dump.stdout === SMALL).toBe(true)
    const forced = await ambientctl('admin', 'dump', pod, '--transport', transport)
    expect(forced.stdout === SMALL).toBe(true)
    expect(forced.stderr).toBe('')
    if (transport !== 'exec-curl') expect(dump.stderr).toContain(`was asked by ${transport}: exec-curl:`)
  })

  it('says of each way why it does not lead in', async () => {
    const {code, stdout, stderr} = await ambientctl('admin', 'dump', 'lab/closed')
    expect({code, stdout}).toEqual({code: EXIT_CODES.external, stdout: ''})
    for (const way of ['exec-curl', 'pilot-agent', 'port-forward']) expect(stderr).toContain(`${way}:`)
    expect(stderr).toContain('has no curl')
  })

  it('of a container that the pod lacks is refused with the containers it may have', async () => {
    const {code, stderr} = await ambientctl('admin', 'dump', 'lab/curl-only', '-c', 'nope')
    expect(code).toBe(EXIT_CODES.external)
    expect(stderr).toContain('has no container nope')
  })

  it('of a pod that does not answer ends at its time limit', async () => {
    const {code, stderr} = await ambientctl('admin', 'dump', 'lab/slow', '--transport', 'exec-curl', '--timeout', '3')
    expect(code).toBe(EXIT_CODES.external)
    expect(stderr).toContain('did not end within 3 seconds')
  })

  it.each(['exec-curl', 'port-forward'])('of 200 MB arrives whole by %s', async (transport) => {
    const file = path.join(scratch(), 'huge.json')
    const dump = await ambientctl('admin', 'dump', 'lab/huge', '--transport', transport, '--output-file', file, '--timeout', '170')
    expect(dump.code).toBe(EXIT_CODES.ok)
    const sent = path.join(folder, 'huge.json')
    expect(statSync(file).size).toBe(statSync(sent).size)
    expect(await digest(file)).toBe(await digest(sent))
  })

  it('of a name that two namespaces have lists both', async () => {
    const {code, stderr} = await ambientctl('admin', 'dump', 'twin')
    expect(code).toBe(EXIT_CODES.usage)
    expect(stderr).toContain('one of east/twin, west/twin')
    expect((await ambientctl('admin', 'dump', 'twin', '-n', 'east')).stdout === SMALL).toBe(true)
  })
})

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256')
  const bytes: AsyncIterable<Uint8Array> = createReadStream(file)
  for await (const chunk of bytes) hash.update(chunk)
  return hash.digest('hex')
}
