import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {runProgram} from '../cli/run-program.js'
import {ambientctl, manifestIn, scratch} from './harness.js'

const QUESTION = ['trace', 'market/buyer', 'vault.orchard:80'] as const

describe('a trace in the live cluster', () => {
  it('says what the recording of the same cluster says, and its evidence says it again, byte for byte', async () => {
    const evidence = path.join(scratch(), 'evidence')
    const live = await ambientctl('admin', ...QUESTION, '--evidence', '--save', evidence)
    expect(live.stderr.split('\n').filter((line) => line.startsWith('fetching'))).toEqual([
      'fetching the lists of context admin',
      'fetching ztunnel istio-system/ztunnel-row-1',
      expect.stringMatching(/^fetching waypoint orchard\/fence-/),
      'fetching ztunnel istio-system/ztunnel-row-2',
    ])
    const again = await runProgram([...QUESTION, '--evidence', '--snapshot', evidence])
    expect(again.stdout).toBe(live.stdout)
    expect(again.code).toBe(live.code)
    const proxies = manifestIn(evidence).files.filter(({kind}) => kind === 'config-dump')
    expect(proxies.map(({method}) => method)).toEqual(['port-forward', 'port-forward', 'pilot-agent'])

    const recorded = await runProgram([...QUESTION, '-o', 'minimal', '--demo', 'ga-waypoint-identity'])
    const minimal = await ambientctl('admin', ...QUESTION, '-o', 'minimal')
    expect(minimal.stdout).toBe(recorded.stdout)
    expect(minimal.code).toBe(recorded.code)
  })

  it('stands beside a walk through one proxy on its way, an application taken for its ztunnel', async () => {
    const evidence = path.join(scratch(), 'walked')
    const asked = ['--port', '15001', '--src', '10.12.1.2:40000', '--dst', '10.12.2.30:80', '-o', 'minimal']
    const live = await ambientctl('admin', 'walk', 'market/buyer-36aa38e1a9-fe030', ...asked, '--save', evidence)
    expect(live.stderr).toContain('this is ztunnel istio-system/ztunnel-row-1 of its node row-1')
    expect(live.stdout).not.toBe('')
    const again = await runProgram(['walk', 'ztunnel-row-1', ...asked, '--snapshot', evidence])
    expect({stdout: again.stdout, code: again.code}).toEqual({stdout: live.stdout, code: live.code})
    expect((await ambientctl('stranger', 'walk', 'istio-system/ztunnel-row-1', ...asked)).code).toBe(EXIT_CODES.external)
  })

  it('looks names up in the namespace of its context', async () => {
    expect((await ambientctl('market', 'trace', 'buyer', 'vault.orchard:80', '-o', 'minimal')).stdout).toContain('buyer')
  })

  it('lists the candidates of a name that two namespaces have', async () => {
    const {code, stderr} = await ambientctl('admin', 'trace', 'twin', 'vault.orchard:80')
    expect(code).toBe(EXIT_CODES.usage)
    expect(stderr).toContain('east/twin')
    expect(stderr).toContain('west/twin')
  })

  it.each([
    {context: 'nowhere', says: 'The cluster cannot be reached.'},
    {context: 'expired', says: 'The cluster does not accept the login.'},
    {context: 'stranger', says: 'The cluster does not allow list pods --all-namespaces.'},
    {context: 'unheard-of', says: 'kubectl cannot use this kubeconfig.'},
  ])('ends at context $context with the reason and what else can be asked', async ({context, says}) => {
    const {code, stdout, stderr} = await ambientctl(context, ...QUESTION)
    expect({code, stdout}).toEqual({code: EXIT_CODES.external, stdout: ''})
    expect(stderr).toContain(says)
    for (const way of ['--snapshot', 'ambientctl record', '--demo']) expect(stderr).toContain(way)
  })
})
