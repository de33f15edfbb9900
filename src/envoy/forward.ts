import {formatAddress, formatSocket, type Address} from '../flow/address.js'
import type {Arrival} from '../flow/connection.js'
import type {Exit, Forwarder, Place, ProxyLog} from '../flow/forwarder.js'
import {withSharedSteps} from '../flow/shared-steps.js'
import type {Step} from '../flow/step.js'
import type {View} from '../json/view.js'
import {andThen, one, single, type Branch} from './branch.js'
import {evidenceOf, type EnvoyConfig, type ListenerResource} from './config/model.js'
import {closedAtOnce, NOT_ACCEPTED, stop, undetermined, type EngineContext, type Passage} from './context.js'
import {terminateTls, type TlsOutcome} from './filter-chain/downstream-tls.js'
import {selectFilterChain, type ChainChoice} from './filter-chain/select.js'
import {acceptedConnection} from './listener/connection.js'
import type {Filtered} from './listener/filtered.js'
import {runListenerFilters} from './listener/listener-filters.js'
import {whyNoInternalListener, whyNotListening} from './listener/not-listening.js'
import {findListener} from './listener/select.js'
import {runNetworkFilters} from './network/run-filters.js'
import type {EnvoyVersion} from '../flow/envoy-version.js'
import {semanticsOf} from './semantics.js'

export interface EnvoyForwarderInput {
  readonly config: EnvoyConfig
  readonly place: Place
  /** Overrides the version found in the dump (`--envoy-version`). */
  readonly envoyVersion?: EnvoyVersion
}

/**
 * One Envoy as a Forwarder. `forward` is one listener passage: from the accepted connection to the upstream it dials
 * or the answer it gives. A departure to an internal address comes back as an arrival at the same forwarder.
 */
export function createEnvoyForwarder({config, place, envoyVersion}: EnvoyForwarderInput): Forwarder {
  const context: EngineContext = {config, place, semantics: semanticsOf(config, envoyVersion), evidence: (view) => evidenceOf(config, view)}
  return {place, forward: (arrival) => withSharedSteps(pass(context, arrival).map(toExit))}
}

interface Entered {
  readonly context: EngineContext
  readonly arrival: Arrival
  readonly listener: ListenerResource
}

function pass(context: EngineContext, arrival: Arrival): readonly Branch<Passage>[] {
  const listener = entryListener(context, arrival.entry)
  if (listener === undefined) return [noListener(context, arrival.entry)]
  return andThen([one(listener, [listenerStep(context, {listener, entry: arrival.entry})])], () => accept({context, arrival, listener}))
}

function entryListener({config}: EngineContext, entry: Address): ListenerResource | undefined {
  switch (entry.kind) {
    case 'socket':
      return findListener(config, {address: entry, bound: true})
    case 'internal':
      return servingListener(config.listener(entry.listener))
    case 'pipe':
      return config.listeners().find((listener) => listener.view.path('address', 'pipe')?.str('path') === entry.path)
    default:
      return entry satisfies never
  }
}

/**
 * A draining internal listener still takes connections: stopping one only drops its `listener_`, which onAccept does not look at, and
 * findByAddress finds it until it is removed (active_internal_listener.h shutdownListener; connection_handler_impl.cc stopListeners).
 */
function servingListener(listener: ListenerResource | undefined): ListenerResource | undefined {
  return listener?.state === 'warming' ? undefined : listener
}

/** envoy-2022 D1: an internal address without listener fails the dial at once. */
function noListener({config}: EngineContext, entry: Address): Branch<Passage> {
  if (entry.kind === 'internal') {
    const reason = `internal listener "${entry.listener}" ${whyNoInternalListener(config, entry.listener)}`
    return one({end: stop({kind: 'dangling-reference', reason}, NOT_ACCEPTED), log: {}})
  }
  const {near, others} = entry.kind === 'socket' ? whyNotListening(config, entry) : {near: [], others: []}
  const reason = [`nothing listens on ${formatAddress(entry)}`, ...near].join('; ')
  const step: Step = {kind: 'listener', name: 'none', address: formatAddress(entry), because: [], evidence: [], rejected: others}
  return one({end: stop({kind: 'no-listener', reason}, NOT_ACCEPTED), log: {}}, others.length === 0 ? [] : [step])
}

function accept(entered: Entered): readonly Branch<Passage>[] {
  const {context, arrival, listener} = entered
  const filtered = runListenerFilters({context, listener: listener.view, connection: acceptedConnection(arrival), arrival})
  return andThen(filtered, (value) => {
    const target = value.hangs === undefined && value.closed === undefined ? handOffTarget(entered, value) : undefined
    return target === undefined ? chooseChain(entered, value) : handOff(entered, {filtered: value, target})
  })
}

/** envoy-2022 D1: hand-off by the restored address; the own listener counts and re-runs its filters. */
function handOffTarget({context, listener}: Entered, {connection}: Filtered): ListenerResource | undefined {
  if (listener.view.bool('use_original_dst') !== true || !connection.localRestored || connection.local === undefined) return undefined
  return findListener(context.config, {address: connection.local, bound: false})
}

function handOff(entered: Entered, input: {filtered: Filtered; target: ListenerResource}): readonly Branch<Passage>[] {
  const {context, arrival, listener} = entered
  const {target, filtered} = input
  const local = filtered.connection.local
  const step: Step = {
    kind: 'hand-off',
    from: listener.name,
    to: target.name,
    because: [`original destination ${local === undefined ? '?' : formatSocket(local)}`, 'use_original_dst'],
    evidence: [context.evidence(target.view.get('address') ?? target.view)],
  }
  const again = runListenerFilters({context, listener: target.view, connection: filtered.connection, arrival})
  return andThen(single(undefined, target === listener ? [] : [step]), () =>
    andThen(again, (value) => chooseChain({...entered, listener: target}, value)),
  )
}

function chooseChain(entered: Entered, filtered: Filtered): readonly Branch<Passage>[] {
  const log: ProxyLog = {listener: entered.listener.name}
  if (filtered.hangs !== undefined) {
    return single({end: stop({kind: 'refused', reason: `a listener filter ${filtered.hangs}`}, {kind: 'timeout'}), log})
  }
  // A filter that cannot be made closes the connection at once (filter_chain_utility.cc, seen on Envoy 1.40.0).
  if (filtered.closed !== undefined) {
    return single({end: stop({kind: 'dangling-reference', reason: filtered.closed}, closedAtOnce(filtered.connection)), log})
  }
  const choices = selectFilterChain({context: entered.context, listener: entered.listener.view, connection: filtered.connection})
  return andThen(choices, (choice) => enterChain(entered, {filtered, choice, log}))
}

function enterChain(entered: Entered, input: {filtered: Filtered; choice: ChainChoice; log: ProxyLog}): readonly Branch<Passage>[] {
  const {context} = entered
  const {filtered, choice, log} = input
  switch (choice.kind) {
    case 'unknown':
      return single({end: undetermined({what: choice.why}), log})
    case 'crash':
      return single({end: stop({kind: 'refused', reason: choice.reason}), log: {}})
    // envoy-2022 I.14: a dial fails at once unless an inspector waits for data before the chain is looked up.
    case 'none':
      return single({
        end: stop({kind: 'no-filter-chain', reason: choice.reason}, closedAtOnce(filtered.connection)),
        log: {...log, flags: 'NR', details: 'filter_chain_not_found'},
      })
    case 'chain': {
      const name = choice.chain.str('name')
      const named = name === undefined || name === '' ? log : {...log, filterChain: name}
      const tls = terminateTls({context, chain: choice.chain, connection: filtered.connection})
      if (tls.kind === 'failed') return failedHandshake({context, chain: choice.chain, connection: filtered.connection, log: named}, tls)
      return andThen(single(undefined, tls.steps), () =>
        runNetworkFilters({context, chain: choice.chain, connection: tls.connection, log: named}),
      )
    }
    default:
      return choice satisfies never
  }
}

function failedHandshake(
  input: {context: EngineContext; chain: View; connection: Filtered['connection']; log: ProxyLog},
  tls: Extract<TlsOutcome, {kind: 'failed'}>,
): readonly Branch<Passage>[] {
  if (tls.stop.verdict.kind !== 'tls-failure') return single({end: tls.stop, log: input.log}, tls.steps)
  return andThen(single(undefined, tls.steps), () => runNetworkFilters({...input, denied: tls.stop}))
}

function listenerStep(context: EngineContext, input: {listener: ListenerResource; entry: Address}): Step {
  const {listener, entry} = input
  if (entry.kind === 'internal') {
    return {
      kind: 'internal-listener',
      name: listener.name,
      ...(entry.endpointId === undefined ? {} : {endpointId: entry.endpointId}),
      because: listener.notes ?? [],
      evidence: [context.evidence(listener.view)],
    }
  }
  const because = listener.notes ?? []
  return {kind: 'listener', name: listener.name, address: formatAddress(entry), because, evidence: [context.evidence(listener.view)]}
}

function toExit(branch: Branch<Passage>): Exit {
  return {
    ...branch.value.end,
    share: branch.share,
    requires: branch.requires,
    steps: branch.steps,
    log: branch.value.log,
    ...(branch.mirror === undefined ? {} : {mirror: branch.mirror}),
    ...(branch.calls === undefined ? {} : {calls: branch.calls}),
  }
}
