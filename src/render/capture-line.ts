import type {Step} from '../flow/step.js'
import type {Glyphs} from './glyphs.js'
import {describeStep} from './step-text.js'

/** What a node did with a connection, as one line: the packet rules and routes that decided, where they were recorded, and the end. */
export function captureTexts(steps: readonly Step[], glyphs: Glyphs): readonly string[] {
  const [first, ...others] = steps.flatMap((step) => (step.kind === 'capture' ? describeStep(step, glyphs).text : []))
  const way = steps.flatMap((step) => wayText(step))
  if (first === undefined) return []
  // What was concluded beyond recorded rules may say the same, with fewer words.
  return [[...way, first].join(` ${glyphs.arrow} `), ...others.filter((text) => !first.startsWith(text))]
}

/** Whether a step has its place in that line. */
export function isOnTheWay(step: Step): boolean {
  return step.kind === 'capture' || wayText(step).length > 0
}

function wayText(step: Step): readonly string[] {
  if (step.kind === 'rule') return ruleText(step)
  return step.kind === 'route-lookup' ? lookupText(step) : []
}

interface Passage {
  readonly name: string
  readonly effect: string
}

function ruleText({name, effect}: Passage): readonly string[] {
  const [, table = '', chain = '', number] = RULE.exec(name) ?? []
  return number === undefined ? [] : [`${table} ${chain} rule ${number} ${effect}`]
}

/** Where packets go anyhow says nothing about capture. */
function lookupText({name, effect}: Passage): readonly string[] {
  const [, table = ''] = LOOKUP.exec(name) ?? []
  const [, device] = DEVICE.exec(effect) ?? []
  return USUAL.has(table) ? [] : [`table ${table}${device === undefined ? '' : ` dev ${device}`}`]
}

/** `node mangle ztunnel-PREROUTING 5`, after the place of the rule. */
const RULE = /^.*?(raw|mangle|nat|filter|security) (\S+) (\d+)$/
const LOOKUP = /table (\S+)$/
const DEVICE = /dev (\S+)$/
const USUAL: ReadonlySet<string> = new Set(['main', 'local', 'default', ''])
