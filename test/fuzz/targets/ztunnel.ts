import type {Mesh} from '../../../src/app/mesh.js'
import type {Arrival, Payload} from '../../../src/flow/connection.js'
import type {Forwarder} from '../../../src/flow/forwarder.js'
import type {Trace} from '../../../src/flow/trace.js'
import type {DumpStore} from '../../../src/json/store.js'
import {startInside} from '../../../src/mesh/walk.js'
import {traceFlow} from '../../../src/mesh/tracer.js'
import {readZtunnelConfig} from '../../../src/ztunnel/config/read-ztunnel-config.js'
import {createZtunnelForwarder} from '../../../src/ztunnel/forward.js'
import {demandAnswer, demandSummary, documentOf, DUMP, openBytes} from '../asked.js'
import {Corpus, seedsOf} from '../corpus.js'
import {expecting, joinEndings, type Ending} from '../ending.js'
import {demandForwarding} from '../promises.js'
import {pickOr, vocabularyOf, type Vocabulary} from '../questions.js'
import type {Random} from '../random.js'
import type {Target} from '../target.js'
import {changedBytes, drawDump} from './envoy.js'

const QUESTIONS = 2

/** Lone dumps of Rust ztunnels of every release: opened, summed up, asked in both directions. */
export function ztunnelTarget(): Target {
  const corpus = new Corpus(seedsOf('ztunnel'))
  return {
    name: 'ztunnel',
    percent: 24,
    draw: (random) => drawDump(corpus, random),
    run: (draft, random) => expecting(() => runDump(changedBytes(corpus, draft), random)),
  }
}

async function runDump(bytes: Buffer, random: Random): Promise<Ending> {
  const mesh = await openBytes(bytes)
  const endings = [await demandSummary(mesh, random)]
  const documents = new Map([[DUMP, documentOf(bytes)]])
  const [dump] = mesh.snapshot.proxies
  const loaded = await dump?.load()
  if (loaded?.kind !== 'ztunnel') return joinEndings(endings)
  const vocabulary = vocabularyOf(bytes.toString('latin1'))
  const known = forwarderOf(loaded.store)
  for (let index = 0; index < QUESTIONS; index += 1) {
    const arrival = drawArrival(vocabulary, random)
    demandForwarding(known.forward(arrival), documents)
    const ask = (asked: Mesh): Promise<Trace> =>
      Promise.resolve(answer(arrival, {forwarder: asked === mesh ? known : forwarderOf(loaded.store), mesh: asked}))
    endings.push(await demandAnswer({mesh, documents, ask, random}))
  }
  mesh.snapshot.close()
  return joinEndings(endings)
}

function forwarderOf(store: DumpStore): Forwarder {
  return createZtunnelForwarder({config: readZtunnelConfig(store), place: {kind: 'ztunnel', name: 'proxy'}})
}

interface Asked {
  readonly forwarder: Forwarder
  readonly mesh: Mesh
}

function answer(arrival: Arrival, {forwarder, mesh}: Asked): Trace {
  const {source = {ip: '', port: 0}, originalDestination: to = source} = arrival
  const peer = {kind: 'address', basis: 'recorded'} as const
  return {
    schemaVersion: 'ambientctl.trace/1',
    question: {source: source.ip, destination: to.ip},
    flow: {
      source: {name: source.ip, ip: source.ip, ...peer},
      destination: {name: to.ip, ip: to.ip, ...peer},
      connection: {source, destination: to},
      protocol: 'unknown',
      clientKind: 'ambient',
    },
    ...traceFlow({start: startInside(forwarder, {arrival, directory: mesh.directory})}),
  }
}

/** From a captured pod outwards, or to one as HBONE or plaintext. */
function drawArrival(vocabulary: Vocabulary, random: Random): Arrival {
  const address = (): string => pickOr(vocabulary.addresses, {random, other: '10.0.0.9'})
  const port = pickOr(vocabulary.ports, {random, other: 80})
  const pod = address()
  const to = {ip: address(), port}
  const listening = random.pick([15_001, 15_001, 15_008, 15_006, 15_053])
  return {
    entry: {kind: 'socket', ip: pod, port: listening},
    source: {ip: listening === 15_001 ? pod : address(), port: 40_000},
    originalDestination: listening === 15_001 ? to : {ip: pod, port},
    payload: listening === 15_008 ? drawTunnel(vocabulary, random) : {kind: 'unknown'},
  }
}

function drawTunnel({identities, addresses, authorities}: Vocabulary, random: Random): Payload {
  const authority = random.chance(0.7)
    ? `${pickOr(addresses, {random, other: '10.0.0.8'})}:80`
    : pickOr(authorities, {random, other: 'a.b.c'})
  const request = {method: random.pick(['CONNECT', 'CONNECT', 'CONNECT', 'GET']), authority, headers: []}
  return {
    kind: 'tls',
    alpn: ['h2'],
    trusted: true,
    peer: {uriSans: [pickOr(identities, {random, other: 'spiffe://td/ns/a/sa/b'})], dnsSans: []},
    payload: {kind: 'http', version: 'h2', request, tunneled: {kind: 'unknown'}},
  }
}
