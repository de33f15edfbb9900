import {formatSocket} from '../flow/address.js'
import type {Place} from '../flow/forwarder.js'
import type {Step} from '../flow/step.js'
import type {Hop} from '../flow/trace.js'
import {layersOf, reachedAddress, type Layer} from './leg.js'
import type {Rails, Row} from './tree-row.js'
import type {TreeStyle} from './tree-style.js'

interface Leg {
  readonly from: Place
  readonly to: Hop
  readonly rails: Rails
}

/** The wire between two places, drawn where it leaves the machine or is a tunnel. */
export function legRows({from, to, rails}: Leg, style: TreeStyle): readonly Row[] {
  const layers = layersOf(to.arrival.payload)
  const isTunnel = layers.some((layer) => layer.kind === 'hbone')
  return from.kind === 'node' || (!isTunnel && staysOnMachine({from, to}))
    ? []
    : [wireRow({layers, to: reachedAddress(to.arrival), rails}, style)]
}

/** The tunnel a proxy opened towards an end nobody can look into. */
export function lastLegRows({steps, rails}: {steps: readonly Step[]; rails: Rails}, style: TreeStyle): readonly Row[] {
  const tunnel = steps.findLast((step) => step.kind === 'tunnel')
  if (tunnel === undefined) return []
  const identity = tunnel.identity === undefined ? {} : {identity: tunnel.identity}
  return [wireRow({layers: [{kind: 'hbone', authority: tunnel.authority, trusted: true, ...identity}], to: tunnel.authority, rails}, style)]
}

/** A redirection (capture) keeps the address that was dialled; it never crosses the network. */
function staysOnMachine({from, to: {place, arrival}}: Pick<Leg, 'from' | 'to'>): boolean {
  const machine = machineOf(from)
  if (machine !== undefined && machineOf(place) !== undefined) return machine === machineOf(place)
  return from.kind === 'app' && arrival.originalDestination !== undefined
}

function machineOf(place: Place): string | undefined {
  return place.kind === 'node' ? place.name : place.node
}

interface Wire {
  readonly layers: readonly Layer[]
  readonly to: string
  readonly rails: Rails
}

function wireRow({layers, to, rails}: Wire, {glyphs}: TreeStyle): Row {
  const isEncrypted = layers.some((layer) => layer.kind === 'hbone' || layer.kind === 'tls')
  const line = isEncrypted ? glyphs.tunnel : glyphs.plain
  const told = layers.filter((layer) => layer.kind !== 'http' || !isEncrypted).map(layerText)
  const text = [told.length === 0 ? `to ${to}` : told.join(', inside '), ...(isEncrypted ? [] : ['(plaintext)'])].join(' ')
  return {
    kind: 'leg',
    rails,
    tone: isEncrypted ? 'ok' : 'unsure',
    open: `${line} ${wireName(layers[0])}`,
    text: glyphs.say(text),
    close: `${line}${glyphs.head}`,
  }
}

function wireName(outermost: Layer | undefined): string {
  switch (outermost?.kind) {
    case undefined:
      return 'TCP'
    case 'hbone':
      return 'HBONE'
    case 'connect':
    case 'http':
      return 'HTTP'
    case 'tls':
      return 'TLS'
    case 'proxy-protocol':
      return 'PROXY'
    default:
      return outermost satisfies never
  }
}

function layerText(layer: Layer): string {
  switch (layer.kind) {
    case 'hbone':
      return `CONNECT ${layer.authority}${presented(layer)}`
    case 'connect':
      return `CONNECT ${layer.authority}`
    case 'tls':
      return `${layer.sni === undefined ? 'without sni' : `sni ${layer.sni}`}${presented(layer)}`
    case 'http':
      return `${layer.request.method} ${layer.request.authority}${layer.request.path ?? ''}`
    case 'proxy-protocol':
      return `from ${layer.source} to ${layer.destination}`
    default:
      return layer satisfies never
  }
}

function presented({identity, trusted}: {readonly identity?: string; readonly trusted: boolean}): string {
  return `${identity === undefined ? '' : ` as ${identity}`}${trusted ? '' : ' (not trusted)'}`
}

/** Where a `deliver` step of a path that leaves the mesh says it goes. */
export function deliveredText(steps: readonly Step[]): string {
  const deliver = steps.findLast((step) => step.kind === 'deliver')
  return deliver?.address === undefined ? '' : `at ${formatSocket(deliver.address)}`
}
