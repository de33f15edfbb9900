import {renderProgress, type ProgressLook, type ProgressPlace} from '../render/progress-bar.js'
import {streamTheme} from './terminal.js'

/** As much of a terminal as a bar needs. */
export interface BarTerminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const ERASE_LINE = '\r\u001B[K'
const DEFAULT_COLUMNS = 80

/** A line at the end of a terminal that is written anew with each step. Whoever else writes there clears it before. */
export class ProgressBar {
  #isDrawn = false

  private constructor(
    private readonly terminal: BarTerminal,
    private readonly theme: ProgressLook['theme'],
  ) {}

  /** Undefined where nobody looks on, or the terminal cannot erase: in a pipe, under CI, with TERM=dumb. */
  static on(terminal: BarTerminal, argv: readonly string[]): ProgressBar | undefined {
    const {CI = '', TERM} = process.env
    if (terminal.isTTY !== true || CI !== '' || TERM === 'dumb') return undefined
    return new ProgressBar(terminal, streamTheme(terminal, argv))
  }

  draw(text: string, place: ProgressPlace): void {
    const {columns = 0} = this.terminal
    // A pseudo terminal that nobody has sized has none.
    const width = columns > 0 ? columns : DEFAULT_COLUMNS
    this.terminal.write(`${ERASE_LINE}${renderProgress({...place, text}, {theme: this.theme, width})}`)
    this.#isDrawn = true
  }

  clear(): void {
    if (this.#isDrawn) this.terminal.write(ERASE_LINE)
    this.#isDrawn = false
  }
}
