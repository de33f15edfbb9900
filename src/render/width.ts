const DEFAULT_WIDTH = 100
export const MINIMUM_WIDTH = 40

/** What decides how wide the output is. */
export interface WidthSituation {
  /** `--width`. */
  readonly flag?: number | undefined
  /** The variable `COLUMNS`. */
  readonly columns?: string | undefined
  /** Columns of the terminal on stdout; undefined in a pipe. */
  readonly terminal?: number | undefined
}

/** `--width` > `COLUMNS` > the terminal > 100; what is no usable number is passed over. */
export function outputWidth(situation: WidthSituation): number {
  const candidates = [situation.flag, parseColumns(situation.columns), situation.terminal]
  const width = candidates.find((candidate) => candidate !== undefined && candidate > 0) ?? DEFAULT_WIDTH
  return Math.max(width, MINIMUM_WIDTH)
}

function parseColumns(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined
}
