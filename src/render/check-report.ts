import type {CheckReport, CheckResult, CheckStatus} from '../app/check.js'
import type {Finding} from '../audit/expectation.js'
import {glyphsFor, type Glyphs} from './glyphs.js'
import {wrapText} from './text-width.js'
import type {Theme} from './theme.js'

export interface CheckLook {
  readonly width: number
  readonly theme: Pick<Theme, 'ok' | 'bad' | 'unsure' | 'dim'>
  readonly unicode?: boolean
}

const STATUS_WIDTH = 6
const LABEL_WIDTH = 10

/** One line per assertion, and below those that do not hold what was expected, what came, and how to see it. */
export function renderCheck(report: CheckReport, look: CheckLook): string {
  const glyphs = glyphsFor(look.unicode ?? true)
  const style = {...look, glyphs}
  return [
    ...report.results.flatMap((result) => resultLines(result, style)),
    ...report.updated.map((file) => `wrote ${glyphs.say(file)}`),
    summaryLine(report, look),
  ].join('\n')
}

type Style = CheckLook & {readonly glyphs: Glyphs}

function resultLines(result: CheckResult, style: Style): readonly string[] {
  const {glyphs, theme} = style
  const place = result.status === 'ok' ? '' : ` ${theme.dim(`(${glyphs.say(result.file)}:${result.line})`)}`
  return [
    `${statusWord(result.status, theme)}${glyphs.say(result.name)}${place}`,
    ...result.findings.flatMap((finding) => findingLines(finding, style)),
    ...result.missing.flatMap(({what, collect}) => [
      ...labelled({label: 'missing', text: what}, style),
      ...(collect === undefined ? [] : [command({label: 'collect', text: collect}, style)]),
    ]),
    ...(result.status === 'ok' ? [] : [command({label: 'see', text: result.command.map(quoteArgument).join(' ')}, style)]),
  ]
}

function findingLines({expected, got}: Finding, style: Style): readonly string[] {
  return [...labelled({label: 'expected', text: expected}, style), ...labelled({label: 'got', text: got}, style)]
}

function labelled({label, text}: {label: string; text: string}, {glyphs, width, theme}: Style): readonly string[] {
  const indent = ' '.repeat(STATUS_WIDTH)
  const lines = wrapText(glyphs.say(text), {width: width - STATUS_WIDTH - LABEL_WIDTH})
  return lines.map((line, index) => `${indent}${index === 0 ? theme.dim(label.padEnd(LABEL_WIDTH)) : ' '.repeat(LABEL_WIDTH)}${line}`)
}

/** On one line however narrow the output is, so that it can be copied. */
function command({label, text}: {label: string; text: string}, {glyphs, theme}: Style): string {
  return ' '.repeat(STATUS_WIDTH) + theme.dim(label.padEnd(LABEL_WIDTH)) + glyphs.say(text)
}

function statusWord(status: CheckStatus, theme: CheckLook['theme']): string {
  switch (status) {
    case 'ok':
      return theme.ok('ok'.padEnd(STATUS_WIDTH))
    case 'failed':
      return theme.bad('FAIL'.padEnd(STATUS_WIDTH))
    case 'undetermined':
      return theme.unsure('?'.padEnd(STATUS_WIDTH))
    default:
      return status satisfies never
  }
}

function summaryLine({counts, outlook}: CheckReport, {theme}: CheckLook): string {
  const parts = [
    `${counts.ok} ok`,
    `${counts.failed} failed`,
    ...(counts.undetermined === 0 ? [] : [`${counts.undetermined} undetermined`]),
  ]
  const paint = {positive: theme.ok, negative: theme.bad, undetermined: theme.unsure}[outlook]
  return paint(parts.join(', '))
}

/** Quoted for a POSIX shell where that is needed. */
function quoteArgument(argument: string): string {
  return /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`
}
