import {expect, test} from 'vitest'
import type {Step} from '../../src/flow/step.js'
import {captureTexts} from '../../src/render/capture-line.js'
import {glyphsFor} from '../../src/render/glyphs.js'

const UNICODE = glyphsFor(true)
const REST = {because: [], evidence: [{dump: 'capture/node/n/iptables-save', pointer: 'line 3', basis: 'recorded'}]} as const
const CAPTURED: Step = {kind: 'capture', how: 'captured by port 15001 of istio-system/zt', to: {ip: '10.96.0.1', port: 80}, ...REST}
const MARKED: Step = {kind: 'rule', name: 'n mangle ztunnel-PREROUTING 5', effect: 'mark 0x100', ...REST}
const TAKEN: Step = {kind: 'rule', name: 'istio-system/zt mangle PREROUTING 3', effect: 'TPROXY to port 15001, mark 0x400', ...REST}

function lookup(table: string, device: string): Step {
  return {kind: 'route-lookup', name: `n table ${table}`, effect: `via 192.168.126.2 dev ${device}`, ...REST}
}

test('recorded rules and routes stand in one line before the end', () => {
  const steps = [lookup('main', 'eth0'), MARKED, lookup('101', 'istioout'), TAKEN, CAPTURED]
  expect(captureTexts(steps, UNICODE)).toEqual([
    'mangle ztunnel-PREROUTING rule 5 mark 0x100 → table 101 dev istioout → mangle PREROUTING rule 3 TPROXY to port 15001, mark 0x400' +
      ' → captured by port 15001 of istio-system/zt → 10.96.0.1:80',
  ])
})

test('what was concluded beyond the rules is not said twice', () => {
  const [untaken, passed] = ['not captured: reaches port 80', 'not captured'].map((how): Step => ({kind: 'capture', how, ...REST}))
  expect(
    captureTexts(
      [untaken, passed].flatMap((step) => step ?? []),
      UNICODE,
    ),
  ).toEqual(['not captured: reaches port 80'])
})

test('what is assumed stays as it is', () => {
  expect(captureTexts([CAPTURED], UNICODE)).toEqual(['captured by port 15001 of istio-system/zt → 10.96.0.1:80'])
  expect(captureTexts([MARKED], UNICODE)).toEqual([])
})
