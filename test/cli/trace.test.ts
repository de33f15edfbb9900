import {describe, expect, it} from 'vitest'
import {scenarioDir} from '../app/scenario.js'
import {runProgram} from './run-program.js'

const SNAPSHOT = scenarioDir('waypoint-l7')
const ZTUNNEL = `${SNAPSHOT}/proxies/istio-system/ztunnel-a245f.json`
const env = {AMBIENTCTL_SNAPSHOT: SNAPSHOT}

describe('trace', () => {
  it.each([
    {args: ['sleep', 'productpage'], code: 0},
    {args: ['sleep', 'productpage', '--method', 'DELETE'], code: 1},
    {args: ['sleep', 'productpage', '--method', 'DELETE', '--expect', 'denied'], code: 0},
    {args: ['sleep', 'productpage', '--expect', 'denied'], code: 1},
    {args: ['sleep', 'kubernetes.default', '--from-kind', 'uncaptured'], code: 2},
    {args: ['sleep', 'nothing'], code: 64},
    {args: ['sleep'], code: 64},
    {args: ['sleep', 'productpage', '--reverse', '--from-kind', 'ambient'], code: 64},
  ])('ends with $code for $args, with and without --json', async ({args, code}) => {
    const plain = await runProgram(['trace', ...args], {env})
    const json = await runProgram(['trace', ...args, '--json'], {env})
    expect([plain.code, json.code]).toEqual([code, code])
    if (code < 64) expect(JSON.parse(json.stdout)).toMatchObject({schemaVersion: 'ambientctl.trace/1', question: {source: 'sleep'}})
    else expect([plain.stdout, JSON.parse(json.stdout)]).toMatchObject(['', {error: {kind: 'usage'}}])
  })

  it('prints each format to stdout and nothing else', async () => {
    const [tree, minimal, json] = await Promise.all(
      ['tree', 'minimal', 'json'].map((format) => runProgram(['trace', 'sleep', 'productpage', '-o', format], {env})),
    )
    expect([tree?.stderr, minimal?.stderr, json?.stderr]).toEqual(['', '', ''])
    expect(tree?.stdout).toContain('DELIVERED')
    expect(minimal?.stdout).toMatch(/verdict delivered\n$/)
    expect(JSON.parse(json?.stdout ?? '')).toMatchObject({verdict: {kind: 'delivered'}})
  })

  it('warns on stderr about the replicas it did not take', async () => {
    const {stdout, stderr} = await runProgram(['trace', 'deploy/productpage-v1', 'reviews', '-o', 'minimal'], {env})
    expect(stdout).toContain('verdict delivered')
    expect(stderr).toContain('the other replicas are')
  })

  it('answers a batch from standard input line by line', async () => {
    const input = '{"source":"sleep","destination":"productpage"}\n{"source":"nobody","destination":"productpage"}\n'
    const {code, stdout} = await runProgram(['trace', '--batch', '-'], {env, input})
    expect(code).toBe(64)
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([{verdict: {kind: 'delivered'}}, {line: 2, error: {kind: 'usage'}}])
  })

  it('says which sources there are when it was given none and no kubectl is there', async () => {
    const {code, stderr} = await runProgram(['trace', 'a', 'b'], {env: {PATH: scenarioDir('gke-sleep-productpage')}})
    expect(code).toBe(69)
    for (const way of ['--snapshot', '--file', '--demo', 'ambientctl record']) expect(stderr).toContain(way)
  })

  it('refuses a batch file that is not there as bad input', async () => {
    expect((await runProgram(['trace', '--batch', 'no-such-file'], {env})).code).toBe(65)
  })
})

describe('walk', () => {
  it('shows one proxy of a lone dump', async () => {
    const args = [
      'walk',
      'ztunnel-a245f',
      '--port',
      '15001',
      '--src',
      '10.4.4.19:0',
      '--dst',
      '10.8.4.226:9080',
      '-f',
      ZTUNNEL,
      '-o',
      'minimal',
    ]
    const {code, stdout} = await runProgram(args)
    expect(code).toBe(0)
    expect(stdout).toContain('hbone 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep')
  })

  it.each([
    {args: ['ztunnel-a245f'], code: 64},
    {args: ['ztunnel-a245f', '--port', '15001', '--src', 'nowhere'], code: 64},
    {args: ['ztunnel-a245f', '--port', '4'], code: 1},
    {args: [], code: 64},
  ])('ends with $code for $args', async ({args, code}) => {
    expect((await runProgram(['walk', ...args], {env})).code).toBe(code)
  })

  it('answers a batch for the proxy of the command line', async () => {
    const input = '{"port":15001,"source":{"ip":"10.4.4.19","port":0},"destination":{"ip":"10.8.4.226","port":9080}}\n'
    const {code, stdout} = await runProgram(['walk', 'ztunnel-a245f', '--batch', '-'], {env, input})
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({verdict: {kind: 'delivered'}})
  })
})
