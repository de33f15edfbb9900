import type {Arrival, ExpectedName} from '../flow/connection.js'
import type {Forwarder, ProxyLog} from '../flow/forwarder.js'
import type {Verdict} from '../flow/verdict.js'
import {stopExit} from './forwardings.js'
import type {Station, Visit} from './station.js'

/**
 * A tunnel reaches a proxy: the dialling side wants one of some identities, and the proxy presents its own.
 * Both are known here for the first time, so here the handshake fails (ambient-ga B.2, B.6, J.8).
 */
export function checkPeer(visit: Visit, presented: string | undefined): Visit {
  const verdict = mismatch(visit.arrival, presented)
  return verdict === undefined ? visit : {...visit, station: refusing(visit.station, verdict)}
}

function mismatch({payload}: Arrival, presented: string | undefined): Verdict | undefined {
  if (payload.kind !== 'tls' || payload.expects === undefined || presented === undefined) return undefined
  if (payload.expects.some((name) => accepts(name, presented))) return undefined
  const expected = payload.expects.map(({match, value}) => (match === 'prefix' ? `${value}…` : value))
  const reason = `the server presents ${presented}, but the client accepts ${expected.length === 0 ? 'no identity at all' : expected.join(', ')}`
  return {kind: 'tls-failure', reason, expected, presented: [presented]}
}

function accepts({match, value}: ExpectedName, name: string): boolean {
  return match === 'prefix' ? name.startsWith(value) : name === value
}

/** The proxy as the client meets it: the handshake ends before any byte is read. */
function refusing(station: Station, verdict: Verdict): Station {
  const {forwarder} = station
  const refusal: Forwarder = {
    place: forwarder.place,
    forward: (arrival) => ({
      steps: [],
      exits: [{...stopExit({verdict, answer: {kind: 'closed', accepted: false}}), log: handshakeLog(forwarder, arrival)}],
    }),
  }
  return {...station, key: `${station.key} refused`, forwarder: refusal}
}

/** A proxy logs the listener and chain of a handshake that the client breaks off. */
function handshakeLog(forwarder: Forwarder, arrival: Arrival): ProxyLog {
  const {listener, filterChain} = forwarder.forward(arrival).exits[0]?.log ?? {}
  return {...(listener === undefined ? {} : {listener}), ...(filterChain === undefined ? {} : {filterChain})}
}
