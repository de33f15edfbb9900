import {deviceLines} from './devices-json.js'
import {familyOf, parsePrefix} from './ip.js'
import {jsonEntries} from './json-entries.js'
import type {Attachment, Device, DeviceAddress} from './model.js'
import {badLine, isJson, linesOf, type SourceLine, type SourceText} from './source-text.js'

/**
 * Reads `ip addr` and `ip -d link`, as text or `-j`. Both print the same headings; addresses come from the first, tunnels from the second.
 * @throws InputError with the line of what is no device
 */
export function readDevices(...sources: readonly SourceText[]): readonly Device[] {
  const devices = new Map<string, Device>()
  for (const block of sources.flatMap(blocksIn)) {
    const device = deviceOf(block)
    devices.set(device.name, merged(devices.get(device.name), device))
  }
  return [...devices.values()].toSorted((a, b) => a.index - b.index)
}

interface Block {
  readonly heading: SourceLine
  readonly rest: SourceLine[]
}

function blocksIn(source: SourceText): readonly Block[] {
  if (!isJson(source)) return blocksOf(linesOf(source))
  return jsonEntries(source).flatMap(({value, place}) => {
    const [heading, ...rest] = deviceLines(value, place)
    return heading === undefined ? [] : [{heading, rest}]
  })
}

function blocksOf(lines: readonly SourceLine[]): readonly Block[] {
  const blocks: Block[] = []
  for (const line of lines) {
    if (/^\d+: /.test(line.text)) blocks.push({heading: line, rest: []})
    else if (/^\s/.test(line.text) && blocks.length > 0) blocks.at(-1)?.rest.push(line)
    else throw badLine(line, {what: 'A line of ip addr or ip link belongs to no device', expected: '"<index>: <name>: <FLAGS>…"'})
  }
  return blocks
}

const HEADING = /^(\d+): ([^\s:@]+)(?:@([^\s:]+))?: <([^>]*)>/

function deviceOf({heading, rest}: Block): Device {
  const match = HEADING.exec(heading.text)
  if (match === null) {
    throw badLine(heading, {what: 'A device of ip addr or ip link is unreadable', expected: '"<index>: <name>: <FLAGS>…"'})
  }
  const [, index = '', name = '', link, flags = ''] = match
  const words = [heading, ...rest].map(({text}) => text).join(' ')
  const master = / master (\S+)/.exec(words)?.[1]
  return {
    name,
    index: Number(index),
    up: flags.split(',').includes('UP'),
    attachment: attachmentOf({flags: flags.split(','), link, words}),
    ...(master === undefined ? {} : {master}),
    ...(/ hairpin on( |$)/.test(words) ? {hairpin: true as const} : {}),
    addresses: rest.flatMap((line) => addressOf(line) ?? []),
    place: {file: heading.file, line: heading.line},
  }
}

function attachmentOf({flags, link, words}: {flags: readonly string[]; link: string | undefined; words: string}): Attachment {
  if (flags.includes('LOOPBACK')) return {kind: 'loopback'}
  const tunnel = tunnelOf(words)
  if (tunnel !== undefined) return tunnel
  const peer = /^if(\d+)$/.exec(link ?? '')?.[1]
  const namespace = / link-netns (\S+)/.exec(words)?.[1]
  if (peer !== undefined) {
    return {kind: 'pair', peerIndex: Number(peer), ...(namespace === undefined ? {} : {peerNamespace: namespace})}
  }
  return / bridge (forward_delay|hello_time) /.test(words) ? {kind: 'bridge'} : otherDevice(words, link)
}

function otherDevice(words: string, link: string | undefined): Attachment {
  const type = / dummy( |$)/.test(words) ? 'dummy' : / vrf table /.test(words) ? 'vrf' : link
  return {kind: 'other', ...(type === undefined ? {} : {type})}
}

/** Ports the kernel uses when the output names none. */
const TUNNEL_PORTS: ReadonlyMap<string, number> = new Map([
  ['geneve', 6081],
  ['vxlan', 4789],
])

function tunnelOf(words: string): Attachment | undefined {
  const [, type = '', id, rest = ''] = / (geneve|vxlan) (?:external )?id (\d+)(.*)/.exec(words) ?? []
  const port = TUNNEL_PORTS.get(type)
  if (port === undefined) return undefined
  const remote = / remote (\S+)/.exec(rest)?.[1]
  return {
    kind: 'tunnel',
    type: type === 'vxlan' ? type : 'geneve',
    id: Number(id),
    port: Number(/ dstport (\d+)/.exec(rest)?.[1] ?? port),
    ...(remote === undefined ? {} : {remote}),
  }
}

const ADDRESS = /^\s+inet6? (?<own>\S+?)(?: peer (?<peer>\S+))?(?: brd \S+)? scope (?<scope>\S+)(?<flags>.*)$/

/** `inet 10.0.0.1 peer 10.0.0.2/32`: the network is the peer's. */
function addressOf(line: SourceLine): DeviceAddress | undefined {
  if (!/^\s+inet6? /.test(line.text)) return undefined
  const {own = '', peer, scope = '', flags = ''} = ADDRESS.exec(line.text)?.groups ?? {}
  const [ip = ''] = own.split('/')
  const prefix = parsePrefix(peer ?? own, familyOf(ip))
  if (prefix === undefined) {
    throw badLine(line, {what: 'An address of ip addr is unreadable', expected: '"inet <ip>/<length> scope …"'})
  }
  return {ip, prefix, scope, flags: flags.trim().split(/\s+/)}
}

function merged(known: Device | undefined, more: Device): Device {
  if (known === undefined) return more
  return {
    ...known,
    ...more,
    attachment: saysMore(more.attachment) ? more.attachment : known.attachment,
    addresses: [...known.addresses, ...more.addresses],
  }
}

/** Without its details, what is no pair looks like a device of some other kind. */
function saysMore(attachment: Attachment): boolean {
  return attachment.kind !== 'other' || attachment.type !== undefined
}
