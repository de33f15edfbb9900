import type {Coverage, CoverageCount, CoverageGoal, KindCoverage, Untouched} from '../app/coverage.js'
import {glyphsFor, type Glyphs} from './glyphs.js'
import {padEnd, wrapText} from './text-width.js'
import type {Theme} from './theme.js'

export interface CoverageLook {
  readonly width: number
  readonly theme: Pick<Theme, 'bad' | 'dim' | 'strong' | 'unsure'>
  /** Lists all that was not touched, however much that is. */
  readonly verbose?: boolean
  readonly unicode?: boolean
}

/** What is printed: the coverage, and the goals it does not reach. */
export interface CoverageResult {
  readonly coverage: Coverage
  readonly missed: readonly CoverageGoal[]
  readonly look: CoverageLook
}

interface Style extends CoverageLook {
  readonly glyphs: Glyphs
}

/** Names of one kind that are listed before the rest is only counted. */
const MAX_LISTED = 20
const KIND_WIDTH = 16
const COUNT_WIDTH = 9

/** How many resources of each kind were touched, which ones were not, and the goals that were missed. */
export function renderCoverage({coverage, missed, look}: CoverageResult): string {
  const style: Style = {...look, glyphs: glyphsFor(look.unicode ?? true)}
  const {total, kinds, proxies} = coverage
  const of = proxies.map(({proxy}) => style.glyphs.say(proxy)).join(', ')
  return [
    ...wrapText(`COVERAGE ${of === '' ? 'of no proxy' : `of ${of}`}`, style).map((line) => style.theme.strong(line)),
    ...wrapText(questionsText(coverage), style),
    ...unwishedLines(coverage, style),
    '',
    style.theme.dim(`${padEnd('kind', KIND_WIDTH)}${['touched', 'of', ''].map((title) => title.padStart(COUNT_WIDTH)).join('')}`).trimEnd(),
    ...[...kinds.map((kind) => [kind.kind, kind] as const), ['all', total] as const].map(([name, count]) => countLine(name, count)),
    ...proxies.flatMap((proxy) => proxyLines(proxy, {style, isOnly: proxies.length === 1})),
    ...missed.flatMap((goal) => ['', ...missedLines(goal, {coverage, style})]),
  ].join('\n')
}

function questionsText({questions: {total, verdicts, failed}}: Coverage): string {
  const ends = [
    ...Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`),
    ...(failed === 0 ? [] : [`${failed} not answered`]),
  ]
  return `${total} question${total === 1 ? '' : 's'}${ends.length === 0 ? '' : `: ${ends.join(', ')}`}`
}

function unwishedLines({questions: {unwished}}: Coverage, style: Style): readonly string[] {
  const listed = style.verbose === true ? unwished : unwished.slice(0, MAX_LISTED)
  const left = unwished.length - listed.length
  return [
    ...listed.flatMap(({line, got, expected}) => {
      const text = `line ${line}: ${got}${expected === undefined ? '' : `, expected ${expected}`}`
      return wrapText(style.glyphs.say(text), {width: style.width - 2}).map((part) => `  ${style.theme.bad(part)}`)
    }),
    ...(left === 0 ? [] : [style.theme.dim(`  +${left} more: -v lists them`)]),
  ]
}

function countLine(name: string, {touched, total, percent}: CoverageCount): string {
  const numbers = [String(touched), String(total), percentText(percent)].map((cell) => cell.padStart(COUNT_WIDTH))
  return `${padEnd(name, KIND_WIDTH)}${numbers.join('')}`
}

function percentText(percent: number | null): string {
  return percent === null ? '-' : `${percent.toFixed(1)} %`
}

function proxyLines(
  {proxy, kinds}: Coverage['proxies'][number],
  {style, isOnly}: {readonly style: Style; readonly isOnly: boolean},
): readonly string[] {
  const left = kinds.filter(({untouched}) => untouched.length > 0)
  if (left.length === 0) return []
  const title = isOnly ? 'not touched' : `not touched of ${style.glyphs.say(proxy)}`
  return ['', style.theme.strong(title), ...left.flatMap((kind) => kindLines(kind, style))]
}

function kindLines({kind, untouched}: KindCoverage, style: Style): readonly string[] {
  const listed = style.verbose === true ? untouched : untouched.slice(0, MAX_LISTED)
  const left = untouched.length - listed.length
  return [
    `${kind} (${untouched.length})`,
    ...listed.flatMap((item) => itemLines(item, style)),
    ...(left === 0 ? [] : [style.theme.dim(`  +${left} more: -v lists them`)]),
  ]
}

/** Names are never shortened: they are what somebody searches for. */
function itemLines({name, match}: Untouched, {glyphs, theme, width}: Style): readonly string[] {
  const lines = wrapText(glyphs.say(`${name}${match === undefined ? '' : ` (${match})`}`), {width: width - 4})
  return lines.map((line, index) => theme.dim(index === 0 ? `  ${line}` : `    ${line}`))
}

function missedLines(goal: CoverageGoal, {coverage, style}: {readonly coverage: Coverage; readonly style: Style}): readonly string[] {
  const count = goal.kind === undefined ? coverage.total : coverage.kinds.find(({kind}) => kind === goal.kind)
  const percent = count?.percent ?? null
  const reached = percent === null ? 'there are none in the dump' : `${percentText(percent)} of ${goal.kind ?? 'all kinds'} touched`
  return wrapText(`coverage is below --fail-under ${goal.kind === undefined ? '' : `${goal.kind}=`}${goal.percent}: ${reached}`, style).map(
    (line) => style.theme.bad(line),
  )
}

/** `coverage routes 3/4`: a line per kind, for files that are compared. */
export function renderCoverageLines({kinds}: Coverage): string {
  return kinds.map(({kind, touched, total}) => `coverage ${kind} ${touched}/${total}`).join('\n')
}
