import type {Condition} from '../flow/forwarder.js'
import type {Step} from '../flow/step.js'

/** Where a step stands in the folded tree. */
export interface Fold {
  readonly isFirst: boolean
  readonly isLast: boolean
  /** The path ends in the passage, and not well: then everything in it is worth its line. */
  readonly isStopped: boolean
  /** What the way on depends on; an opaque filter named there needs no line of its own. */
  readonly requires: readonly Condition[]
}

/** Whether a step decides something a reader of the folded tree must know. */
export function isShown(step: Step, fold: Fold): boolean {
  const {isFirst, isLast, isStopped} = fold
  switch (step.kind) {
    case 'tunnel':
      return false
    case 'internal-listener':
      return step.because.length > 0
    case 'listener-filter':
      return isOpaque(step, fold)
    case 'network-filter':
    case 'http-filter':
      return isStopped || isOpaque(step, fold) || isFault(step)
    case 'tls':
    case 'virtual-host':
    case 'rule':
    case 'route-lookup':
      return isStopped
    case 'filter-chain':
      return isFirst || isStopped
    case 'cluster':
    case 'endpoint':
    case 'original-destination':
      return isLast
    default:
      return true
  }
}

/** A delay lets a request pass, but its client will want to know. */
function isFault({type, effect}: Step & {kind: 'network-filter' | 'http-filter'}): boolean {
  return type.endsWith('.HTTPFault') && /^(?:delays|aborts) /.test(effect)
}

function isOpaque(step: Step & {kind: 'listener-filter' | 'network-filter' | 'http-filter'}, {requires}: Fold): boolean {
  return step.opaque === true && !requires.some(({what}) => what.includes(step.name))
}
