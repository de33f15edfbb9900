import type {Verdict} from '../../flow/verdict.js'
import type {InboundRejected} from './outcome.js'

/** A refusal with the text of the access log (ambient-ga C.5). */
export function rejected(error: string, options: {readonly status?: number; readonly verdict?: Verdict} = {}): InboundRejected {
  const {status, verdict = {kind: 'refused', reason: error}} = options
  return {kind: 'rejected', error, verdict, ...(status === undefined ? {} : {status})}
}

/** Plaintext clients get no status. */
export function selfCall(status?: number): InboundRejected {
  return rejected('attempted recursive call to ourselves', status === undefined ? {} : {status})
}
