/** How many there are of one kind. */
export interface SummaryCount {
  readonly kind: string
  readonly total: number
  /** Set where the dump cannot tell how many there are: what to do. */
  readonly absent?: string
  /** How many are in each state, for example 2 static. */
  readonly states: readonly {readonly state: string; readonly count: number}[]
}
