import Table from 'cli-table3'
import type {DumpSummary, SummaryCount} from '../app/dump-summary.js'
import type {Theme} from './theme.js'
import {visible} from './visible.js'

/** One line about the proxy, then what its dump holds. */
export function renderDumpSummary({proxy, dump, counts}: DumpSummary, theme: Theme): string {
  const facts = [proxy.version, proxy.node === undefined ? undefined : `node ${proxy.node}`, proxy.ip].filter((fact) => fact !== undefined)
  const name = proxy.name === undefined ? dump : proxy.namespace === undefined ? proxy.name : `${proxy.namespace}/${proxy.name}`
  return [
    `${theme.proxy(proxy.role)}  ${theme.strong(visible(name))}  ${visible(facts.join(', '))}`.trimEnd(),
    '',
    renderCounts(counts, theme),
  ].join('\n')
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
    ...counts.map(({kind, total, states}) => [kind, String(total), states.map(({state, count}) => `${count} ${state}`).join(', ')]),
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
