import {randomInt} from 'node:crypto'

export interface Settings {
  /** Printed with every run: the same seed gives the same scenarios. */
  readonly seed: number
  /** Scenarios of each family. */
  readonly scenarios: number
  /** Only families whose name holds this text. */
  readonly family: string
  /** How many disagreements of a family are shrunk. */
  readonly shrunk: number
  /** No new batch is begun after this time. */
  readonly limitMs: number
}

const SCENARIOS = 160
/** Shrinking takes its time; after so many the rest is only listed. */
const SHRUNK = 3
const LIMIT_MS = 6 * 60 * 1000

/** From `--seed N` and the environment: AMBIENTCTL_ENVOY_SEED, _SCENARIOS, _FAMILY, _SHRUNK and _MINUTES. */
export function readSettings(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Settings {
  return {
    seed: seedAmong(args) ?? numberOf(environment['AMBIENTCTL_ENVOY_SEED']) ?? randomInt(2 ** 31 - 1),
    scenarios: numberOf(environment['AMBIENTCTL_ENVOY_SCENARIOS']) ?? SCENARIOS,
    family: environment['AMBIENTCTL_ENVOY_FAMILY'] ?? '',
    shrunk: numberOf(environment['AMBIENTCTL_ENVOY_SHRUNK']) ?? SHRUNK,
    limitMs: (numberOf(environment['AMBIENTCTL_ENVOY_MINUTES']) ?? LIMIT_MS / 60_000) * 60_000,
  }
}

function seedAmong(args: readonly string[]): number | undefined {
  const at = args.indexOf('--seed')
  return at === -1 ? undefined : numberOf(args[at + 1])
}

function numberOf(text = ''): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}
