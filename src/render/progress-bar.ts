import {truncateMiddle} from './text-width.js'
import type {Theme} from './theme.js'
import {visible} from './visible.js'

/** How far something has come. */
export interface ProgressPlace {
  readonly done: number
  readonly total: number
}

export interface ProgressLook {
  readonly theme: Theme
  /** Columns of the terminal. */
  readonly width: number
}

const BAR_WIDTH = 24

/** `[######..................]  12/48  text`: one line, one column narrower than the terminal, so that it never wraps. */
export function renderProgress({done, total, text}: ProgressPlace & {readonly text: string}, {theme, width}: ProgressLook): string {
  const filled = total === 0 ? 0 : Math.floor((Math.min(done, total) / total) * BAR_WIDTH)
  const count = `${done}/${total}`.padStart(`${total}/${total}`.length)
  const room = width - 1 - BAR_WIDTH - 2 - 2 - count.length - 2
  const bar = `[${theme.ok('#'.repeat(filled))}${theme.dim('.'.repeat(BAR_WIDTH - filled))}]`
  if (room < 1) return count
  return `${bar}  ${theme.strong(count)}  ${truncateMiddle(visible(text), {width: room, ellipsis: '...'})}`
}
