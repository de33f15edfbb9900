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
  const {glyphs, width} = style
  const ends = [...(route === undefined ? [] : [`route ${route}`]), ...(ended === undefined ? [] : [`ends: ${ended}`])]
  return [
    ...headLines({what: glyphs.say(packet), where: glyphs.say(`${namespace}, ${device}`)}, style),
    ...hooks.flatMap(({hook, rules}) => [
      ...(rules.length === 0 ? [] : [`   ${hook}`]),
      ...rules.flatMap((rule) => ruleLines(rule, style)),
    ]),
    ...ends.flatMap((end) => wrapText(glyphs.say(end), {width: width - 3}).map((line) => `   ${line}`)),
  ]
}

/** The place goes below the packet where both do not fit. */
function headLines({what, where}: {readonly what: string; readonly where: string}, {theme, width}: CaptureStyle): readonly string[] {
  const fits = what.length + where.length + 4 <= width
  return fits ? [`  ${theme.strong(what)}  ${where}`] : [`  ${theme.strong(what)}`, `   ${where}`]
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
  const quoted = text === '' ? [] : wrapText(glyphs.say(text), cell).map((line) => theme.dim(line))
  const lines = [...wrapText(glyphs.say(facts.join(', ')), cell), ...quoted]
  return lines.map((line, index) => `${' '.repeat(INDENT)}${(index === 0 ? effect : '').padEnd(EFFECT_WIDTH)}${line}`)
}
