import {parseArgs} from 'node:util'
import {TARGET_NAMES, targetNamed} from './targets/all.js'

/** What a run does: the same plan finds the same. */
export interface Plan {
  readonly seed: number
  readonly workers: number
  readonly targets: readonly {readonly name: string; readonly count: number}[]
  /** Only this case of the one target: a replay. */
  readonly only?: number
}

const DEFAULT_COUNT = 100_000
const MAX_SEED = 2 ** 32

/** @throws Error that says which flag is wrong */
export function planFrom(argv: readonly string[], {cores, randomSeed}: {readonly cores: number; readonly randomSeed: number}): Plan {
  const {values} = parseArgs({args: [...argv], options: OPTIONS, strict: true})
  const count = wholeNumber('--count', values.count) ?? DEFAULT_COUNT
  const names = values.target ?? TARGET_NAMES
  const percents = names.map((name) => targetNamed(name).percent)
  const sum = percents.reduce((total, percent) => total + percent, 0)
  const only = wholeNumber('--case', values.case)
  if (only !== undefined && names.length !== 1) throw new Error('--case needs exactly one --target')
  return {
    seed: (wholeNumber('--seed', values.seed) ?? randomSeed) % MAX_SEED,
    workers: only === undefined ? (wholeNumber('--workers', values.workers) ?? Math.max(1, cores)) : 1,
    targets: names.map((name, index) => ({name, count: Math.ceil((count * (percents[index] ?? 0)) / sum)})),
    ...(only === undefined ? {} : {only}),
  }
}

const OPTIONS = {
  seed: {type: 'string'},
  count: {type: 'string'},
  target: {type: 'string', multiple: true},
  case: {type: 'string'},
  workers: {type: 'string'},
} as const

function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text)) throw new Error(`${flag} must be a whole number`)
  return Number(text)
}
