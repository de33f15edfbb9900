import {fraction} from '../../flow/share.js'
import type {Choices} from './choices.js'

/** Per rule: packets it let pass since the run began, or since the last one it took. */
export type Turns = Map<string, {readonly passed: number; readonly known: boolean}>

export interface Turn {
  readonly rule: string
  readonly every: number
  readonly choices: Choices
}

/**
 * `--mode nth`: every n-th packet of a rule in turn. Where the count stands, nobody recorded: each place is as likely as the others,
 * and once one packet was taken, the next ones are known. Source: xt_statistic, nft_numgen.
 */
export function isTurn(turns: Turns, {rule, every, choices}: Turn): boolean {
  const {passed, known} = turns.get(rule) ?? {passed: 0, known: false}
  const left = every - passed
  const takes = left <= 1 || (!known && choices.decide({what: `every packet ${every} in turn`, share: fraction(1, left)}))
  turns.set(rule, takes ? {passed: 0, known: true} : {passed: passed + 1, known})
  return takes
}
