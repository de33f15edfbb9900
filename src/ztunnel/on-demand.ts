import type {Missing} from '../flow/verdict.js'

/** ambient-ga A.7: what is absent from the dump of such a ztunnel may be fetched when somebody asks for it. */
export function missingOnDemand(what: string): Missing {
  return {
    what: `whether ${what} is known to the control plane: this ztunnel fetches addresses only on demand`,
    collect: 'open a connection and take the dump again',
  }
}
