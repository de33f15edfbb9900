import {formatAddress, formatSocket} from '../../src/flow/address.js'
import type {Arrival, Payload} from '../../src/flow/connection.js'
import type {Branch, Hop, Trace} from '../../src/flow/trace.js'

/** One line per hop of the first path: where, how it got there, and what the proxy's log would name. */
export function firstPath(trace: Trace): readonly string[] {
  const lines: string[] = []
  let id = trace.start
  for (let hop = trace.hops[id]; hop !== undefined; hop = trace.hops[id]) {
    const [branch] = hop.next
    lines.push(lineOf(hop, branch))
    id = branch?.to ?? ''
  }
  const outcome = trace.outcomes[id]
  return [...lines, outcome === undefined ? 'no end' : `=> ${outcome.verdict.kind} ${outcome.workload?.name ?? ''}`.trim()]
}

function lineOf(hop: Hop, branch: Branch | undefined): string {
  const {listener, filterChain, cluster} = branch?.log ?? {}
  const logged = [listener, filterChain, cluster].filter((part) => part !== undefined).map(short)
  return [`${hop.place.kind} ${hop.place.name}`, arrivalText(hop.arrival), ...captureText(hop), ...logged].join(' | ')
}

function arrivalText({entry, source, originalDestination, payload}: Arrival): string {
  const at =
    entry.kind === 'socket'
      ? formatAddress(originalDestination === undefined ? entry : {kind: 'socket', ...originalDestination})
      : short(formatAddress(entry))
  return [at, ...(source === undefined ? [] : [`from ${formatSocket(source).replace(/:0$/, '')}`]), ...tunnelText(payload)].join(' ')
}

function tunnelText(payload: Payload): readonly string[] {
  if (payload.kind !== 'tls' || payload.payload.kind !== 'http') return []
  const {method, authority, headers} = payload.payload.request
  const original = headers.find(([name]) => name === 'x-envoy-original-dst-host')?.[1]
  return [`${method} ${authority} (${original ?? 'no header'}) as ${short(payload.peer?.uriSans.join() ?? 'nobody')}`]
}

function captureText({steps}: Hop): readonly string[] {
  return steps.flatMap((step) =>
    step.kind === 'capture' ? [step.to === undefined ? 'passes' : `captured to ${formatSocket(step.to)}`] : [],
  )
}

/** Identities by their service account. */
function short(text: string): string {
  return text.replaceAll(/spiffe:\/\/cluster\.local\/ns\/default\/sa\//g, '@')
}
