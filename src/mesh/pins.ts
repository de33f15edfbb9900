import {formatAddress} from '../flow/address.js'
import type {Exit} from '../flow/forwarder.js'
import {addShares, multiplyShares, NOTHING, type Share} from '../flow/share.js'

/**
 * Keeps the exits that a pin names, where a hop chooses between some that do and some that do not.
 * Shares are then those among the pinned exits. A pin is a part of the target (`10.4.1.39:9080`, `10.4.1.39`, or a listener name),
 * or the whole name of the route or cluster that a request takes.
 */
export function applyPins(exits: readonly Exit[], pins: readonly string[]): readonly Exit[] {
  const picked = exits.filter((exit) => exit.mirror === true || pins.some((pin) => names(exit, pin)))
  const chosen = picked.filter((exit) => exit.mirror !== true)
  return chosen.length === 0 ? exits : rescale(picked, sumOf(chosen))
}

/** Shares of all exits that are no mirrors, added up. */
function sumOf(exits: readonly Exit[]): Share {
  return exits.reduce((sum, exit) => (exit.mirror === true ? sum : addShares(sum, exit.share)), NOTHING)
}

function rescale(exits: readonly Exit[], whole: Share): readonly Exit[] {
  const inverse = {numerator: whole.denominator, denominator: whole.numerator, exact: whole.exact}
  return exits.map((exit) => (exit.mirror === true ? exit : {...exit, share: multiplyShares(exit.share, inverse)}))
}

function names(exit: Exit, pin: string): boolean {
  if (exit.log?.route === pin || exit.log?.cluster === pin) return true
  if (exit.kind === 'deliver') return exit.to.ip === pin || exit.to.name === pin
  return exit.kind === 'depart' && containsWord(formatAddress(exit.departure.to), pin)
}

/** `10.4.1.3` is no part of `10.4.1.39:9080`. */
function containsWord(text: string, word: string): boolean {
  const start = text.indexOf(word)
  if (start < 0 || word === '') return false
  const isJoined = (character: string | undefined): boolean => character !== undefined && /[\w.-]/.test(character)
  return !isJoined(text[start - 1]) && !isJoined(text[start + word.length])
}
