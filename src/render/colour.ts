/** 0 none, 1 the sixteen basic colours, 2 the 256 colours, 3 true colour. */
export type ColourLevel = 0 | 1 | 2 | 3

/** What decides about colour on one stream. */
export interface ColourSituation {
  /** `--no-color` was given. */
  readonly noColorFlag: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isTTY: boolean
}

/**
 * `--no-color` > non-empty `NO_COLOR` > `FORCE_COLOR` > `TERM=dumb` or `CI` > whether the stream is a terminal.
 * Neither chalk 5 nor cli-table3 looks at `NO_COLOR`, so the decision is made here alone (libraries.md 0.6).
 */
export function colourLevel(situation: ColourSituation): ColourLevel {
  const {env} = situation
  if (situation.noColorFlag || isSet(env['NO_COLOR'])) return 0
  if (env['FORCE_COLOR'] !== undefined) return forcedLevel(env['FORCE_COLOR'])
  if (env['TERM'] === 'dumb' || isSet(env['CI']) || !situation.isTTY) return 0
  return terminalLevel(env)
}

function forcedLevel(value: string): ColourLevel {
  switch (value) {
    case '0':
    case 'false':
      return 0
    case '2':
      return 2
    case '3':
      return 3
    default:
      return 1
  }
}

function terminalLevel(env: ColourSituation['env']): ColourLevel {
  if (env['COLORTERM'] === 'truecolor' || env['COLORTERM'] === '24bit') return 3
  return env['TERM']?.includes('256') === true ? 2 : 1
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}
