import {spawnSync} from 'node:child_process'
import {cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {z} from 'zod'

/** One import that must be refused, and by which rule. */
const REFUSED = [
  {rule: 'flow-imports-nothing', from: 'src/flow/bad.ts', to: '../json/good.js'},
  {rule: 'json-imports-nothing', from: 'src/json/bad.ts', to: '../flow/good.js'},
  {rule: 'engines-are-pure-and-alone', from: 'src/envoy/other-engine.ts', to: '../ztunnel/good.js'},
  {rule: 'engines-are-pure-and-alone', from: 'src/ztunnel/other-room.ts', to: '../mesh/good.js'},
  {rule: 'engines-touch-no-system', from: 'src/kernel/system.ts', to: 'node:os'},
  {rule: 'mesh-sees-forwarders-and-configs', from: 'src/mesh/engine.ts', to: '../envoy/good.js'},
  {rule: 'snapshot-stays-below', from: 'src/snapshot/up.ts', to: '../envoy/good.js'},
  {rule: 'cluster-only-collects', from: 'src/cluster/up.ts', to: '../mesh/good.js'},
  {rule: 'audit-builds-on-mesh-and-below', from: 'src/audit/up.ts', to: '../render/good.js'},
  {rule: 'render-takes-results', from: 'src/render/engine.ts', to: '../mesh/good.js'},
  {rule: 'app-neither-prints-nor-parses', from: 'src/app/print.ts', to: '../render/good.js'},
  {rule: 'commands-only-connect', from: 'src/commands/engine.ts', to: '../envoy/good.js'},
  {rule: 'hooks-serve-the-process', from: 'src/hooks/app.ts', to: '../app/good.js'},
  {rule: 'only-cluster-and-snapshot-touch-files', from: 'src/app/file.ts', to: 'node:fs/promises'},
  {rule: 'only-cluster-and-snapshot-touch-files', from: 'src/commands/process.ts', to: 'node:child_process'},
  {rule: 'only-commands-and-hooks-know-oclif', from: 'src/app/framework.ts', to: '@oclif/core'},
  {rule: 'only-theme-knows-chalk', from: 'src/render/colourful.ts', to: 'chalk'},
  {rule: 'src-knows-no-tests', from: 'src/app/test-helper.ts', to: '../../test/good.js'},
  {rule: 'no-cycles', from: 'src/app/a.ts', to: './b.js'},
  {rule: 'no-barrels', from: 'src/app/barrel.ts', to: './index.js'},
  {rule: 'only-declared-dependencies', from: 'src/app/dev-tool.ts', to: 'fast-check'},
  {rule: 'everything-resolves', from: 'src/app/lost.ts', to: './nowhere.js'},
] as const

const ALLOWED = [
  {from: 'src/envoy/good.ts', to: '../flow/good.js'},
  {from: 'src/ztunnel/good.ts', to: '../json/good.js'},
  {from: 'src/mesh/config-view.ts', to: '../envoy/config/good.js'},
  {from: 'src/cluster/run.ts', to: 'node:child_process'},
  {from: 'src/snapshot/read.ts', to: 'node:fs'},
  {from: 'src/commands/framework.ts', to: '@oclif/core'},
  {from: 'src/render/theme.ts', to: 'chalk'},
  {from: 'src/app/b.ts', to: './a.js'},
] as const

const TARGETS = ['flow', 'json', 'mesh', 'render', 'app', 'envoy/config'].map((room) => `src/${room}/good.ts`)

const REPORT = z.object({summary: z.object({violations: z.array(z.object({from: z.string(), rule: z.object({name: z.string()})}))})})

describe('the import rules', () => {
  let tree = ''
  let violations: readonly string[] = []

  beforeAll(() => {
    tree = mkdtempSync(path.join(tmpdir(), 'ambientctl-boundaries-'))
    plant(tree)
    violations = cruise(tree)
  }, 30_000)

  afterAll(() => {
    rmSync(tree, {recursive: true, force: true})
  })

  it.each(REFUSED)('$rule refuses $from → $to', ({rule, from}) => {
    expect(violations).toContain(`${rule} ${from}`)
  })

  it.each(ALLOWED.filter(({from}) => from !== 'src/app/b.ts'))('allow $from → $to', ({from}) => {
    expect(violations.filter((violation) => violation.endsWith(` ${from}`))).toEqual([])
  })
})

/** A tree that breaks every rule once, beside the real configuration and dependencies. */
function plant(tree: string): void {
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json']) cpSync(file, path.join(tree, file))
  symlinkSync(path.resolve('node_modules'), path.join(tree, 'node_modules'))
  for (const file of [...TARGETS, 'test/good.ts', 'src/app/index.ts']) put(path.join(tree, file), 'export const good = 1\n')
  for (const {from, to} of [...REFUSED, ...ALLOWED]) put(path.join(tree, from), `import '${to}'\n`)
}

function put(file: string, text: string): void {
  mkdirSync(path.dirname(file), {recursive: true})
  writeFileSync(file, text)
}

function cruise(tree: string): readonly string[] {
  const program = path.resolve('node_modules/.bin/depcruise')
  const args = ['src', 'test', '--config', '.dependency-cruiser.mjs', '--output-type', 'json']
  const {stdout} = spawnSync(program, args, {cwd: tree, encoding: 'utf8', maxBuffer: 1 << 26})
  return REPORT.parse(JSON.parse(stdout)).summary.violations.map(({from, rule}) => `${rule.name} ${from}`)
}
