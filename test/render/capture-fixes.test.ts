import {expect, test} from 'vitest'
import type {CaptureFinding} from '../../src/kernel/findings/finding.js'
import {renderCheckup} from '../../src/render/capture.js'
import {createTheme} from '../../src/render/theme.js'

const FINDINGS: readonly CaptureFinding[] = [
  {kind: 'rule-missing', severity: 'broken', place: 'a/b', what: 'one', evidence: [{file: 'iptables-save', line: 7}], fix: 'Restart it.'},
  {kind: 'mixed-backends', severity: 'unsure', place: 'a/b', what: 'two', evidence: []},
  {kind: 'rule-differs', severity: 'broken', place: 'a/b', what: 'three', evidence: [], fix: 'Restart it.'},
]

test('what mends several findings of a place is said once, after the last of them', () => {
  const checkup = {
    schemaVersion: 'ambientctl.capture/1',
    place: {kind: 'pod', name: 'a/b'},
    findings: FINDINGS,
    outlook: 'negative',
  } as const
  expect(renderCheckup(checkup, {width: 72, theme: createTheme(0)}).split('\n')).toEqual([
    'pod a/b',
    'rule-missing: a/b: one',
    '           iptables-save:7',
    'mixed-backends: a/b: two',
    'rule-differs: a/b: three',
    '  fix      Restart it.',
  ])
})
