import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {readCheckFile} from '../../../src/audit/check-file.js'
import {runCheck} from '../../../src/app/check.js'
import {UsageError} from '../../../src/flow/errors.js'
import {renderCheck} from '../../../src/render/check-report.js'
import {createTheme} from '../../../src/render/theme.js'
import {expecting, type Ending} from '../ending.js'
import {demand} from '../finding.js'
import {changeBytes} from '../mutate/edit.js'
import {drawByteEdit} from '../mutate/draw-edits.js'
import {HOSTILE_TEXTS} from '../mutate/hostile.js'
import {applyTextEdits, drawTextEdits} from '../mutate/text-edits.js'
import {demandPrintable} from '../promises.js'
import {isTextEdit, isTreeOrByteEdit, type Draft, type Target} from '../target.js'

const SEED = fileURLToPath(new URL('../../../fixtures/check.yaml', import.meta.url))
/** Enough to meet every field. */
const ENTRIES = 12

/** Check files: read, and run against a cluster that knows no name. */
export function checkTarget(): Target {
  const text = readFileSync(SEED, 'utf8')
    .split(/^(?= {2}- name:)/m)
    .slice(0, ENTRIES)
    .join('')
  const lines = [...HOSTILE_LINES, ...text.split('\n')]
  return {
    name: 'check',
    percent: 6,
    draw: (random) => ({
      seed: 'check',
      edits: [...drawTextEdits({random, words: WORDS, lines, most: 2}), ...(random.chance(0.1) ? [drawByteEdit(random)] : [])],
    }),
    run: (draft) => expecting(() => runFile(changed(text, draft))),
  }
}

function changed(text: string, {edits}: Draft): string {
  return changeBytes(applyTextEdits(text, edits.filter(isTextEdit)), edits.filter(isTreeOrByteEdit)).toString('utf8')
}

async function runFile(text: string): Promise<Ending> {
  const checks = readCheckFile({text, file: 'check.yaml'})
  const report = await runCheck({
    files: ['check.yaml'],
    ask: () => Promise.reject(new UsageError({what: 'There is no such pod.'})),
    texts: {read: () => Promise.resolve(text), write: () => Promise.resolve(), has: () => false},
    forms: {minimal: () => '', json: () => ''},
  })
  demand(report.results.length === checks.length, 'a check has no result', () => `${report.results.length} of ${checks.length}`)
  const printed = renderCheck(report, {theme: createTheme(0), width: 80, unicode: true})
  demandPrintable(printed, 'the report of checks')
  return {kinds: ['report'], work: checks.length + printed.length / 1000}
}

const WORDS = [
  ...HOSTILE_TEXTS,
  '*alias',
  '&anchor',
  '!!js/function',
  '!!binary',
  '!!set',
  '|',
  '>-',
  '<<:',
  '? ',
  '- -',
  '{',
  '[',
  "'",
  '"',
  '%',
  '@',
  '~',
  '0x1F',
  '1e999',
  '.inf',
  '9/0',
  '0/0',
  'one of 0',
]

const HOSTILE_LINES = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  'b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]',
  'c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]',
  'd: [*c, *c, *c, *c, *c, *c, *c, *c, *c]',
  '  <<: {from: x}',
  '  - &loop [*loop]',
  '__proto__: {polluted: true}',
  '    __proto__: {polluted: true}',
  '  - constructor: 1',
  `x: ${'['.repeat(3000)}`,
  `${'  '.repeat(2000)}- x`,
  '---',
  '...',
  '%YAML 9.9',
  '%TAG ! tag:evil,2000:',
  '\t- from: a',
  '    expect: [delivered 9/0]',
  '    expect: delivered one of 0',
  '    headers: {constructor: x}',
  '    via: ["*", "**************************a"]',
]
