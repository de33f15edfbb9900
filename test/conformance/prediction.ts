/** What is predicted for one recorded case: a line of `conformance -- --predict`. */
export interface Prediction {
  readonly layer: string
  readonly scenario: string
  readonly id: string
  readonly predicted: unknown
}
