import type {ExplainedPass, ExplainedRule} from '../kernel/explain.js'
import type {Glyphs} from './glyphs.js'
import {wrapText} from './text-width.js'
import type {Theme} from './theme.js'

export interface CaptureLook {
  readonly width: number
  readonly theme: Theme
  readonly unicode?: boolean
}

export type CaptureStyle = CaptureLook & {readonly glyphs: Glyphs}

const INDENT = 4
const EFFECT_WIDTH = 12

/** Every rule of every pass, in the order the packets met them; a rule that was passed over tells which condition did not hold. */
export function explainLines(passes: readonly ExplainedPass[], style: CaptureStyle): readonly string[] {
  return passes.flatMap((pass) => passLines(pass, style))
}

function passLines({namespace, packet, device, hooks, route, ended}: ExplainedPass, style: CaptureStyle): readonly string[] {
  const {theme, glyphs} = style
  const ends = [...(route === undefined ? [] : [`route ${route}`]), ...(ended === undefined ? [] : [`ends: ${ended}`])]
  return [
    `  ${theme.strong(glyphs.say(packet))}  ${glyphs.say(`${namespace}, ${device}`)}`,
    ...hooks.flatMap(({hook, rules}) => [
      ...(rules.length === 0 ? [] : [`   ${hook}`]),
      ...rules.flatMap((rule) => ruleLines(rule, style)),
    ]),
    ...ends.map((end) => `   ${glyphs.say(end)}`),
  ]
}

function ruleLines(rule: ExplainedRule, {theme, glyphs, width}: CaptureStyle): readonly string[] {
  const {table, chain, number, text = '', effect, failed, mark, place} = rule
  const facts = [
    `${table} ${chain}${number === undefined ? '' : ` ${number}`}`,
    ...(failed === undefined ? [] : [`not ${failed}`]),
    ...(mark === 0 ? [] : [`mark 0x${mark.toString(16)}`]),
    ...(place === undefined ? [] : [`${place.file}:${place.line}`]),
  ]
  const cell = {width: width - INDENT - EFFECT_WIDTH}
  const lines = [...wrapText(glyphs.say(facts.join(', ')), cell), ...(text === '' ? [] : wrapText(glyphs.say(text), cell).map(theme.dim))]
  return lines.map((line, index) => `${' '.repeat(INDENT)}${(index === 0 ? effect : '').padEnd(EFFECT_WIDTH)}${line}`)
}
