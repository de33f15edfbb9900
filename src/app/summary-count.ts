/** How many there are of one kind. */
export interface SummaryCount {
  readonly kind: string
  readonly total: number
  /** How many are in each state, for example 2 static. */
  readonly states: readonly {readonly state: string; readonly count: number}[]
}
