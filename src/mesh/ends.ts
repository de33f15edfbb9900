import {formatAddress, formatSocket, type SocketAddress} from '../flow/address.js'
import type {Arrival, Payload} from '../flow/connection.js'
import type {Answer, Forwarder, Forwarding, Place} from '../flow/forwarder.js'
import {oneOf, WHOLE} from '../flow/share.js'
import type {Step} from '../flow/step.js'
import type {Missing, Verdict} from '../flow/verdict.js'
import {fullName, type Workload} from './directory.js'
import {departExit, stopExit, undeterminedForwarding} from './forwardings.js'
import type {Listening} from './listening.js'
import {ZTUNNEL_PORTS} from './ztunnel-ports.js'

/** The process that connects. With several addresses (a headless name) it takes one of them. */
export function createClient(client: {
  readonly place: Place
  readonly payload: Payload
  readonly addresses: readonly SocketAddress[]
  readonly steps: readonly Step[]
}): Forwarder {
  const {addresses} = client
  return {
    place: client.place,
    forward: () => ({
      steps: client.steps,
      exits: addresses.map((address) =>
        departExit({to: {kind: 'socket', ...address}, source: {kind: 'own'}, payload: client.payload}, {share: oneOf(addresses.length)}),
      ),
    }),
  }
}

/** The processes of a pod (or of a node) that accept connections. */
export function createApplication(application: Application): Forwarder {
  return {place: application.place, forward: (arrival) => accept(application, arrival)}
}

/** An address outside the mesh and the cluster. */
export function createOutside(place: Place, listensAt?: Listening): Forwarder {
  return {place, forward: (arrival) => (isClosed(arrival, listensAt) ? refused(arrival, listensAt) : passThrough(place, arrival))}
}

function isClosed({entry}: Arrival, listensAt: Listening | undefined): boolean {
  return entry.kind === 'socket' && listensAt?.({ip: entry.ip, port: entry.port}) === false
}

/** Somebody looked: nothing accepts connections there. An application on the loopback device alone is out of reach for proxies too. */
function refused({entry}: Arrival, listensAt: Listening | undefined): Forwarding {
  const port = entry.kind === 'socket' ? entry.port : 0
  const loopback = ['127.0.0.1', '::1'].find((ip) => listensAt?.({ip, port}) === true)
  const reason = `nothing listens on ${formatAddress(entry)}${loopback === undefined ? '' : `: the application listens on ${loopback} only`}`
  return {steps: [], exits: [stopExit({verdict: {kind: 'refused', reason}, answer: {kind: 'closed', accepted: false}})]}
}

function passThrough(place: Place, arrival: Arrival): Forwarding {
  return {
    steps: [
      {
        kind: 'deliver',
        to: place.name,
        ...socketOf(arrival),
        because: ['no pod, node or service of the cluster has this address'],
        evidence: [],
      },
    ],
    exits: [stopExit({verdict: {kind: 'passthrough'}})],
  }
}

/** A place where nothing more is known. */
export function createUnknown(place: Place, missing: Missing): Forwarder {
  return {place, forward: () => undeterminedForwarding(missing)}
}

/** How connections end somewhere; in silence unless told. */
interface End {
  readonly verdict: Verdict
  readonly answer?: Answer
}

/** A place that connections never leave. */
export function createDeadEnd(place: Place, {verdict, answer = {kind: 'timeout'}}: End): Forwarder {
  return {place, forward: () => ({steps: [], exits: [stopExit({verdict, answer})]})}
}

interface Application {
  readonly place: Place
  readonly workload?: Workload
  readonly listensAt?: Listening
}

function accept(application: Application, arrival: Arrival): Forwarding {
  const {entry} = arrival
  if (entry.kind !== 'socket') return undeterminedForwarding({what: `how ${application.place.name} accepts something that is no IP packet`})
  const socket = {ip: entry.ip, port: entry.port}
  if (isClosed(arrival, application.listensAt)) return refused(arrival, application.listensAt)
  const declared = (application.workload?.containerPorts ?? []).map(({port}) => port)
  if (!isTunnel(arrival.payload)) return deliver(application, {socket, declared})
  return socket.port === ZTUNNEL_PORTS.inbound && !declared.includes(socket.port)
    ? nobodyTerminates(application, socket)
    : unknownProxy(application, socket)
}

function deliver(
  {place, workload}: Application,
  {socket, declared}: {readonly socket: SocketAddress; readonly declared: readonly number[]},
): Forwarding {
  const isUndeclared = declared.length > 0 && !declared.includes(socket.port)
  const step: Step = {
    kind: 'deliver',
    to: workload === undefined ? place.name : fullName(workload),
    address: socket,
    because: isUndeclared ? [`no container declares port ${socket.port}; an application may listen all the same`] : [],
    evidence: workload === undefined ? [] : [workload.evidence],
  }
  const to = {name: place.name, namespace: workload?.namespace ?? '', ip: socket.ip}
  return {steps: [step], exits: [{kind: 'deliver', to, share: WHOLE, requires: [], steps: []}]}
}

/** An HBONE tunnel reaches a pod that no ztunnel stands before: only a proxy listens on 15008 (envoy-2022 H.1.1). */
function nobodyTerminates({place}: Application, socket: SocketAddress): Forwarding {
  const reason = `an HBONE tunnel reaches ${formatSocket(socket)}, but ${place.name} is not captured and declares no such port`
  return {steps: [], exits: [stopExit({verdict: {kind: 'no-listener', reason}, answer: {kind: 'closed', accepted: false}})]}
}

/** Whoever is dialled by HBONE is a proxy, whatever its labels say (ambient-ga G.3, G.31). */
function unknownProxy({place, workload}: Application, socket: SocketAddress): Forwarding {
  const name = workload === undefined ? place.name : fullName(workload)
  const what = `what ends the HBONE tunnel at ${formatSocket(socket)}: nothing says which proxy ${name} is, and it has no config dump that can be read`
  return undeterminedForwarding({what, ...(workload === undefined ? {} : {collect: `ambientctl dump ${name}`})})
}

/** HBONE: a CONNECT request inside TLS. */
export function isTunnel(payload: Payload): boolean {
  return payload.kind === 'tls' && payload.payload.kind === 'http' && payload.payload.request.method === 'CONNECT'
}

function socketOf(arrival: Arrival): {address?: SocketAddress} {
  return arrival.entry.kind === 'socket' ? {address: {ip: arrival.entry.ip, port: arrival.entry.port}} : {}
}
