import {expect, test} from 'vitest'
import type {CheckReport} from '../../src/app/check.js'
import {renderCheck} from '../../src/render/check-report.js'
import {createTheme} from '../../src/render/theme.js'

const report: CheckReport = {
  schemaVersion: 'ambientctl.check/1',
  outlook: 'negative',
  counts: {ok: 1, failed: 1, undetermined: 1},
  updated: ['goldens/a.txt'],
  results: [
    {name: 'sleep to productpage', file: 'checks.yaml', line: 1, status: 'ok', findings: [], missing: [], command: []},
    {
      name: 'viewers only\u001B[2J',
      file: 'checks.yaml',
      line: 4,
      status: 'failed',
      findings: [{aspect: 'verdict', status: 'failed', expected: 'denied(default/viewer)', got: 'delivered 1/10, denied(l4) 9/10'}],
      missing: [],
      command: ['ambientctl', 'trace', 'sleep', 'productpage:9080', '--path', "/it's", '--snapshot', 'a directory with a long name'],
    },
    {
      name: 'reviews',
      file: 'checks.yaml',
      line: 9,
      status: 'undetermined',
      findings: [{aspect: 'via', status: 'undetermined', expected: 'waypoint', got: 'a path without waypoint, which ends undetermined'}],
      missing: [{what: 'no dump of ztunnel-x', collect: 'ambientctl dump ztunnel-x'}],
      command: ['ambientctl', 'trace', 'sleep', 'reviews'],
    },
  ],
}

test('a line per assertion, and what is wrong with it', () => {
  expect(renderCheck(report, {width: 72, theme: createTheme(0)})).toMatchInlineSnapshot(`
    "ok    sleep to productpage
    FAIL  viewers only\\x1b[2J (checks.yaml:4)
          expected  denied(default/viewer)
          got       delivered 1/10, denied(l4) 9/10
          see       ambientctl trace sleep productpage:9080 --path '/it'\\''s' --snapshot 'a directory with a long name'
    ?     reviews (checks.yaml:9)
          expected  waypoint
          got       a path without waypoint, which ends undetermined
          missing   no dump of ztunnel-x
          collect   ambientctl dump ztunnel-x
          see       ambientctl trace sleep reviews
    wrote goldens/a.txt
    1 ok, 1 failed, 1 undetermined"
  `)
})
