import type {Failure, FromWorker} from './messages.js'

interface Row {
  cases: number
  failed: number
  maxWork: number
  readonly kinds: Map<string, number>
}

/** What a run saw, target by target. */
export class Tally {
  readonly failures: Failure[] = []
  peakBytes = 0
  readonly #rows = new Map<string, Row>()

  get cases(): number {
    return [...this.#rows.values()].reduce((sum, {cases}) => sum + cases, 0)
  }

  take(message: FromWorker): void {
    switch (message.kind) {
      case 'begin':
        this.#row(message.target).cases += 1
        break
      case 'held':
        this.#hold(this.#row(message.target), message.ending)
        break
      case 'failed':
        this.#row(message.failure.target).failed += 1
        this.failures.push(message.failure)
        break
      case 'done':
        this.peakBytes = Math.max(this.peakBytes, message.peakBytes)
        break
      default:
        message satisfies never
    }
  }

  table(): string {
    const rows = [...this.#rows].map(([name, {cases, failed, maxWork, kinds}]) =>
      [
        name.padEnd(10),
        String(cases).padStart(7),
        String(failed).padStart(7),
        String(Math.ceil(maxWork)).padStart(9),
        `  ${listKinds(kinds)}`,
      ].join(''),
    )
    return ['target      cases failed max work  how questions ended', ...rows].join('\n')
  }

  #row(target: string): Row {
    const row = this.#rows.get(target) ?? {cases: 0, failed: 0, maxWork: 0, kinds: new Map<string, number>()}
    this.#rows.set(target, row)
    return row
  }

  #hold(row: Row, {kinds, work}: Extract<FromWorker, {readonly kind: 'held'}>['ending']): void {
    row.maxWork = Math.max(row.maxWork, work)
    for (const kind of kinds) row.kinds.set(kind, (row.kinds.get(kind) ?? 0) + 1)
  }
}

const SHOWN = 12

function listKinds(kinds: ReadonlyMap<string, number>): string {
  const sorted = [...kinds].sort(([, a], [, b]) => b - a).slice(0, SHOWN)
  return sorted.map(([kind, count]) => `${kind} ${count}`).join(', ')
}
