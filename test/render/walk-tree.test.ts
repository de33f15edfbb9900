import {describe, expect, it} from 'vitest'
import type {Coverage} from '../../src/app/coverage.js'
import {renderCoverageAs} from '../../src/render/coverage-document.js'
import {createTheme} from '../../src/render/theme.js'
import {renderTree} from '../../src/render/tree.js'
import {canary} from './recorded-path.js'

describe('the tree of a walk', () => {
  const walked = {...canary, question: {...canary.question, proxy: 'ztunnel-a'}}

  it('says that the proxy forwards, to whom, and where the walk ends', () => {
    const text = renderTree(walked, {width: 200})
    expect(text).toMatch(/^FORWARDED to \S/m)
    expect(text).toContain('the walk ends there: what comes behind this proxy is not part of it')
    expect(text).not.toContain('DELIVERED')
  })

  it('says that an end was not told, rather than an address that nobody uses', () => {
    const open = {ip: '0.0.0.0', port: 0}
    const end = {name: open.ip, kind: 'address', ip: open.ip, basis: 'recorded'} as const
    const flow = {...walked.flow, source: end, destination: end, connection: {source: open, destination: open}}
    expect(renderTree({...walked, flow}, {width: 200}).split('\n')[0]).toBe('(no --src) → (no --dst)')
    const dialled = {source: open, destination: {ip: open.ip, port: 80}}
    expect(renderTree({...walked, flow: {...flow, connection: dialled}}, {width: 200}).split('\n')[0]).toBe('(no --src) → 0.0.0.0:80')
  })

  it('leaves traces as they are', () => {
    expect(renderTree(canary, {width: 200})).toContain('DELIVERED')
  })
})

const untouched = Array.from({length: 22}, (_, index) => ({
  name: `table / host / route-${index}`,
  match: `prefix "/${index}"`,
  pointer: `/${index}`,
}))
const routes = {kind: 'routes', total: 23, touched: 1, percent: 4.3} as const
const coverage: Coverage = {
  schemaVersion: 'ambientctl.coverage/1',
  questions: {total: 3, verdicts: {denied: 1, delivered: 1}, failed: 1, unwished: [{line: 2, got: 'denied', expected: 'delivered'}]},
  total: {total: 23, touched: 1, percent: 4.3},
  kinds: [routes, {kind: 'rules', total: 0, touched: 0, percent: null}],
  proxies: [{proxy: 'gw', dump: 'gw.json', kinds: [{...routes, untouched}]}],
}
const look = {width: 80, theme: createTheme(0)}

describe('coverage in words', () => {
  const text = renderCoverageAs('tree', {
    coverage,
    look,
    missed: [
      {kind: 'routes', percent: 80},
      {kind: 'rules', percent: 1},
    ],
  })

  it('counts per kind, and names what no question touched', () => {
    expect(text).toContain('COVERAGE of gw\n3 questions: 1 denied, 1 delivered, 1 not answered\n  line 2: denied, expected delivered\n')
    expect(text).toMatch(/^routes +1 +23 +4\.3 %$/m)
    expect(text).toMatch(/^rules +0 +0 +-$/m)
    expect(text).toContain('  table / host / route-19 (prefix "/19")\n  +2 more: -v lists them')
    expect(renderCoverageAs('tree', {coverage, look: {...look, verbose: true}, missed: []})).toContain('route-21')
  })

  it('says which goal was missed, and that nothing is there to reach it', () => {
    expect(text).toContain('coverage is below --fail-under routes=80: 4.3 % of routes touched')
    expect(text).toContain('coverage is below --fail-under rules=1: there are none in the dump')
  })

  it('stays within the width', () => {
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it('is one line of JSON, or a line per kind', () => {
    expect(JSON.parse(renderCoverageAs('json', {coverage, look, missed: []}))).toEqual(coverage)
    expect(renderCoverageAs('minimal', {coverage, look, missed: []})).toBe('coverage routes 1/23\ncoverage rules 0/0')
  })
})
