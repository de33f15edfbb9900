import {describe, expect, test} from 'vitest'
import {runProgram} from './run-program.js'

const STATE = ['--snapshot', 'fixtures/capture-states/node-2022']
const ASKED = ['capture', 'sleep', '--dst', '10.96.44.10:5000', ...STATE]

describe('capture', () => {
  test('prints what decided, with file and line', async () => {
    const {code, stdout, stderr} = await runProgram([...ASKED, '--width', '80'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'pod default/sleep  tcp → 10.96.44.10:5000',
      '',
      'CAPTURED: accepted by port 15001 of istio-system/ztunnel-8v5nq, original',
      'destination 10.96.44.10:5000',
    ])
    expect(stdout).toContain('capture/node/node/iptables-save:37')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test('has a JSON form with a version', async () => {
    const {code, stdout} = await runProgram([...ASKED, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 'ambientctl.capture/1',
      outlook: 'positive',
      branches: [{end: {kind: 'captured'}}],
    })
  })

  test('explains every rule', async () => {
    const {stdout} = await runProgram([...ASKED, '--explain', '--width', '200'])
    expect(stdout).toContain('passed-over mangle ztunnel-PREROUTING 1, not in-device istioin')
    expect(stdout).toContain('\n                -A ztunnel-PREROUTING -i istioin -j RETURN\n')
  })

  test('explains within 80 columns', async () => {
    const {stdout} = await runProgram([...ASKED, '--explain', '--width', '80'])
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test.each([
    {what: 'a packet that does not arrive', args: ['capture', 'sleep', '--dst', '172.18.0.3:10250', ...STATE], code: 1},
    {what: 'a state with findings', args: ['capture', 'node', '--snapshot', 'fixtures/capture-states/node-2022-rule-order'], code: 1},
    {what: 'a state without', args: ['capture', 'node', ...STATE], code: 0},
    {what: 'no place', args: ['capture', ...STATE], code: 64},
    {what: 'a bad mark', args: [...ASKED, '--mark', 'blue'], code: 64},
    {what: 'a packet without a place', args: ['capture', '--dst', '10.96.44.10:5000', ...STATE], code: 64},
    {what: 'a bad user', args: [...ASKED, '--uid', 'root'], code: 64},
    {what: 'a bad address', args: ['capture', 'sleep', '--dst', 'nowhere', ...STATE], code: 64},
  ])('$what exits with $code', async ({args, code}) => {
    expect((await runProgram(args)).code).toBe(code)
  })

  test.each([
    {what: 'no place', args: ['capture', ...STATE], told: ['PLACE is missing', 'one of node, default/helloworld-v1, default/sleep']},
    {
      what: 'half a packet',
      args: ['capture', 'sleep', '--mark', '1', ...STATE],
      told: ['A packet goes somewhere', '--mark', '--dst IP:PORT'],
    },
    {what: 'no port', args: ['capture', 'sleep', '--dst', '10.96.44.10', ...STATE], told: ['--dst has no port', '--proto icmp']},
    {what: 'a name', args: ['capture', 'sleep', '--dst', 'web:80', ...STATE], told: ['no address', '--dst', 'web:80', 'ambientctl trace']},
    {what: 'a packet beside a batch', args: [...ASKED, '--batch', '-'], told: ['in its lines', '--dst']},
  ])('$what: says what to type instead', async ({args, told}) => {
    const {code, stdout, stderr} = await runProgram(args)
    expect([code, stdout, told.filter((text) => !stderr.includes(text))]).toEqual([64, '', []])
  })

  test('knows who sends, where rules ask for it', async () => {
    const {stdout} = await runProgram([...ASKED, '--uid', '1337:7', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({question: {owner: {user: 1337, group: 7}}})
  })

  test('answers a batch line by line', async () => {
    const {code, stdout} = await runProgram(['capture', 'sleep', '--batch', '-', ...STATE], {
      input:
        '{"destination":{"ip":"10.96.44.10","port":5000}}\nnonsense\n{"destination":"10.96.44.10:5000"}\n{"destination":"10.96.44.10"}',
    })
    expect(code).toBe(65)
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([
      {schemaVersion: 'ambientctl.capture/1'},
      {line: 2, error: {kind: 'input'}},
      {question: {destination: {ip: '10.96.44.10', port: 5000}}},
      {line: 4, error: {got: '✖ expected a port: tcp and udp have one\n  → at destination.port'}},
    ])
  })
})
