import Table from 'cli-table3'
import type {DumpSummary} from '../app/dump-summary.js'
import type {SummaryCount} from '../app/summary-count.js'
import type {ZtunnelDetails} from '../app/ztunnel-summary.js'
import type {Theme} from './theme.js'
import {widthOf, wrapText} from './text-width.js'
import {visible} from './visible.js'
import {renderZtunnelDetails, type SummaryLook} from './ztunnel-summary.js'

/** One line about the proxy, then what its dump holds. */
export function renderDumpSummary({proxy, dump, counts, ztunnel}: DumpSummary, look: SummaryLook): string {
  const {theme, width} = look
  const facts = [proxy.version, proxy.node === undefined ? undefined : `node ${proxy.node}`, proxy.ip].filter((fact) => fact !== undefined)
  const name = proxy.name === undefined ? dump : proxy.namespace === undefined ? proxy.name : `${proxy.namespace}/${proxy.name}`
  return [
    heading({role: proxy.role, name: visible(name), facts: visible(facts.join(', '))}, look),
    ...(ztunnel === undefined ? [] : wrapText(visible(placeText(ztunnel)), {width})),
    '',
    renderCounts(counts, theme),
    ...(ztunnel === undefined ? [] : [renderZtunnelDetails(ztunnel, look)]),
  ].join('\n')
}

/** On one line where it fits. */
function heading(
  {role, name, facts}: {readonly role: string; readonly name: string; readonly facts: string},
  {theme, width}: SummaryLook,
): string {
  const gap = widthOf(`${role}  ${name}  ${facts}`) > width ? '\n' : '  '
  return `${theme.proxy(role)}  ${theme.strong(name)}${facts === '' ? '' : gap + facts}`
}

/** How the release is known, and where the ztunnel is. */
function placeText({versionFrom, network, clusterId}: ZtunnelDetails): string {
  return `release ${versionFrom}; cluster ${clusterId}${network === '' ? '' : `, network ${network}`}`
}

function renderCounts(counts: readonly SummaryCount[], theme: Theme): string {
  const table = new Table({
    head: ['kind', 'total', 'states'].map((title) => theme.heading(title)),
    colAligns: ['left', 'right', 'left'],
    chars: BLANK,
    // Without empty styles cli-table3 colours even what goes into a pipe (libraries.md 2).
    style: {head: [], border: [], 'padding-left': 0, 'padding-right': 2},
  })
  table.push(
    ...counts.map(({kind, total, states, absent}) =>
      absent === undefined ? [kind, String(total), states.map(({state, count}) => `${count} ${state}`).join(', ')] : [kind, '-', absent],
    ),
  )
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

const BLANK = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
}
