/** Rails left of a row that belongs to a branch: for its first line, and for the lines below. */
export interface Rails {
  readonly first: string
  readonly rest: string
}

export const NO_RAILS: Rails = {first: '', rest: ''}

/** What a row says, beside its words: only a repetition in colour. */
export type Tone = 'ok' | 'bad' | 'unsure' | 'dim' | 'strong' | 'proxy' | 'plain'

/** A line of the tree before it is laid out; a row may take several lines. The words of a whole step row are never shortened. */
export type Row = {readonly rails: Rails; readonly tone: Tone} & (
  | {readonly kind: 'hop'; readonly number: number; readonly label: string; readonly name: string; readonly detail: string}
  | {readonly kind: 'step'; readonly label: string; readonly text: string; readonly isWhole?: true}
  | {readonly kind: 'leg'; readonly open: string; readonly text: string; readonly close: string}
  | {readonly kind: 'text'; readonly text: string; readonly indented: boolean}
)
