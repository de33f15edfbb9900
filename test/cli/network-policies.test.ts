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
    expect(stderr).toContain(`${broken}:1`)
  })
})
