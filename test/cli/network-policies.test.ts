import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {runProgram} from './run-program.js'

const FOLDER = mkdtempSync(join(tmpdir(), 'ambientctl-policies-'))
afterAll(() => {
  rmSync(FOLDER, {recursive: true})
})

const FILE = join(FOLDER, 'app-only.yaml')
writeFileSync(
  FILE,
  `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app-only, namespace: orchard}
spec:
  podSelector: {matchLabels: {app: cider}}
  ingress: [{ports: [{port: 3306}]}]
`,
)
const ASKED = ['trace', 'market/buyer', 'cider.orchard:3306', '--snapshot', 'fixtures/clusters/ga-orchard', '--network-policies']

describe('--network-policies', () => {
  test('changes the verdict of a trace, on condition where nobody is known to enforce them', async () => {
    const {code, stdout} = await runProgram([...ASKED, FILE, '--width', '200'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^DROPPED /m)
    expect(stdout).toContain('! NetworkPolicy orchard/app-only blocks HBONE, which needs TCP 15008')
    expect(stdout).toContain('if the network plugin of node row-1 enforces NetworkPolicies')
  })

  test('names the file and line of what is none', async () => {
    const broken = join(FOLDER, 'broken.yaml')
    writeFileSync(broken, 'kind: NetworkPolicy\nmetadata: {}\n')
    const {code, stderr} = await runProgram([...ASKED, broken])
    expect(code).toBe(65)
    expect(stderr).toContain(`${broken}:2`)
    expect(stderr).toContain('This is no NetworkPolicy: /metadata/name')
  })

  test('does not take a file without a policy for one that admits everything', async () => {
    const other = join(FOLDER, 'service.yaml')
    writeFileSync(other, 'kind: Service\nmetadata: {name: x}\n')
    const {code, stderr} = await runProgram([...ASKED, other])
    expect([code, stderr.includes('The file holds no NetworkPolicy.'), stderr.includes('Service')]).toEqual([65, true, true])
  })

  test('tells what to add where', async () => {
    const {stdout} = await runProgram([...ASKED, FILE, '--width', '400'])
    expect(stdout).toContain(': add {protocol: TCP, port: 15008} to spec.ingress[0].ports of orchard/app-only')
  })
})
