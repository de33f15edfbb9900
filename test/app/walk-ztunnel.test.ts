import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {z} from 'zod'
import {openMesh, type Mesh} from '../../src/app/mesh.js'
import type {WalkQuestion} from '../../src/app/walk-arrival.js'
import {walkProxy} from '../../src/app/walk.js'
import {formatAddress, parseSocket} from '../../src/flow/address.js'
import {isExpectedError} from '../../src/flow/errors.js'
import type {Evidence} from '../../src/flow/step.js'
import type {Trace} from '../../src/flow/trace.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'
import {oracleRoot} from '../conformance/oracle-path.js'
import {readCases} from '../conformance/recorded-cases.js'
import {streamOf} from '../snapshot/workspace.js'

const outboundCase = z.object({
  table: z.literal('outbound'),
  ztunnel: z.object({dump: z.string()}),
  source: z.object({ip: z.string()}),
  destination: z.string(),
})
const inboundCase = z.object({
  table: z.literal('inbound'),
  ztunnel: z.object({dump: z.string()}),
  transport: z.enum(['hbone', 'plaintext']),
  source: z.object({address: z.string(), identity: z.string().nullable()}),
  connectionDestination: z.string(),
  authority: z.string().optional(),
  method: z.string().optional(),
})
const outboundResult = z.object({
  outcomes: z.array(z.looseObject({actualDestination: z.string()})),
  errors: z.array(z.unknown()),
  otherHistories: z.array(z.unknown()).optional(),
})
const inboundResult = z.object({variants: z.array(z.looseObject({verdict: z.string()}))})

/** Every n-th case: the conformance run judges all of them, here the command around the engine is on trial. */
const SAMPLE = 7

interface Recorded {
  readonly file: string
  readonly observed: unknown
  readonly question: WalkQuestion
}

function scenarios(): readonly string[] {
  return ['ztunnel', 'ztunnel-old'].flatMap((layer) =>
    readdirSync(join(oracleRoot(), layer))
      .map((name) => join(oracleRoot(), layer, name))
      .filter((folder) => existsSync(join(folder, 'cases.json'))),
  )
}

function socketOf(text: string): {ip: string; port: number} {
  return parseSocket(text) ?? {ip: text, port: 0}
}

function outboundCases(folder: string): readonly Recorded[] {
  return readCases(join(folder, 'cases.json')).flatMap(({input, observed}) => {
    const parsed = outboundCase.safeParse(input)
    if (!parsed.success) return []
    const {source, destination, ztunnel} = parsed.data
    const question = {proxy: 'ztunnel', port: 15_001, source: {ip: source.ip, port: 40_000}, destination: socketOf(destination)}
    return [{file: join(folder, ztunnel.dump), observed, question}]
  })
}

function inboundCases(folder: string): readonly Recorded[] {
  return readCases(join(folder, 'cases.json')).flatMap(({input, observed}) => {
    const parsed = inboundCase.safeParse(input)
    if (!parsed.success) return []
    const {source, connectionDestination, transport, ztunnel, authority = '', method} = parsed.data
    const client = {proxy: 'ztunnel', source: socketOf(source.address), destination: socketOf(connectionDestination)}
    const {identity} = source
    if (transport === 'hbone' && identity === null) return []
    const hbone = {port: 15_008, authority, ...(identity === null ? {} : {identity}), ...(method === undefined ? {} : {method})}
    const question = {...client, ...(transport === 'hbone' ? hbone : {port: 15_006})}
    return [{file: join(folder, ztunnel.dump), observed, question}]
  })
}

const meshes = new Map<string, Promise<Mesh>>()

function meshOf(file: string): Promise<Mesh> {
  const mesh =
    meshes.get(file) ?? openSnapshot({files: [`${file}=ztunnel`], environment: {}}).then((each) => openMesh(each, {inferNames: false}))
  meshes.set(file, mesh)
  return mesh
}

const documents = new Map<string, unknown>()

function documentOf(file: string): unknown {
  if (!documents.has(file)) documents.set(file, JSON.parse(readFileSync(file, 'utf8')))
  return documents.get(file)
}

async function walk({file, question}: Recorded): Promise<Trace> {
  return walkProxy(await meshOf(file), {question})
}

function every(cases: readonly Recorded[]): readonly Recorded[] {
  return cases.filter((_, index) => index % SAMPLE === 0)
}

function evidenceOf({hops}: Trace): readonly Evidence[] {
  return Object.values(hops).flatMap(({steps, next}) =>
    [...steps, ...next.flatMap((branch) => branch.steps)].flatMap((step) => step.evidence),
  )
}

/** Whether an RFC 6901 pointer leads somewhere. */
function resolves(document: unknown, pointer: string): boolean {
  const tokens = pointer.split('/').slice(1)
  const end = tokens.reduce<unknown>((value, token) => {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
  }, document)
  return end !== undefined
}

/** Names that only DNS resolves, and gateways behind which no identity can be accepted: the recordings go on, the walk ends. */
function leavesOpen({outcomes}: Trace): boolean {
  return Object.values(outcomes).some(({verdict}) => verdict.kind === 'undetermined' || verdict.kind === 'tls-failure')
}

/** Where the connection was dialled: the hops behind the first. */
function dialled({hops, start}: Trace): readonly string[] {
  return [
    ...new Set((hops[start]?.next ?? []).flatMap(({to}) => (hops[to] === undefined ? [] : formatAddress(hops[to].arrival.entry)))),
  ].toSorted()
}

describe.each(scenarios())('%s', (folder) => {
  it('dials what was recorded, and points to where it stands', async () => {
    const wrong: unknown[] = []
    for (const one of every(outboundCases(folder))) {
      const trace = await walk(one)
      const document = documentOf(one.file)
      wrong.push(...evidenceOf(trace).filter(({pointer}) => !resolves(document, pointer)))
      const {outcomes, errors, otherHistories} = outboundResult.parse(one.observed)
      const recorded = [...new Set(outcomes.map(({actualDestination}) => actualDestination))].toSorted()
      if (otherHistories !== undefined || errors.length > 0 || leavesOpen(trace)) continue
      if (dialled(trace).join() !== recorded.join()) wrong.push({question: one.question, recorded, dialled: dialled(trace)})
    }
    expect(wrong).toEqual([])
  })

  it('lets in and refuses as recorded, and points to where it stands', async () => {
    const wrong: unknown[] = []
    for (const one of every(inboundCases(folder))) {
      const trace = await walk(one)
      const document = documentOf(one.file)
      wrong.push(...evidenceOf(trace).filter(({pointer}) => !resolves(document, pointer)))
      const {variants} = inboundResult.parse(one.observed)
      // The tables begin behind the TLS handshake.
      if (trace.verdict.kind === 'tls-failure') continue
      const isAllowed = variants.every(({verdict}) => verdict === 'allow')
      if ((trace.verdict.kind === 'delivered') !== isAllowed) wrong.push({question: one.question, variants, got: trace.verdict})
    }
    expect(wrong).toEqual([])
  })
})

const DUMP = join(oracleRoot(), 'ztunnel', 'waypoints', 'ztunnel-n1.config_dump.json')
const CLIENT = {proxy: 'ztunnel', port: 15_001, source: {ip: '10.244.1.20', port: 40_000}}
const CART = {ip: '10.96.2.1', port: 80}

describe('a walk through a Rust ztunnel', () => {
  it('names the waypoints it dials, and the workloads', async () => {
    const places = async (destination: {ip: string; port: number}): Promise<readonly string[]> => {
      const {hops} = await walkProxy(await meshOf(DUMP), {question: {...CLIENT, destination}})
      return [...new Set(Object.values(hops).map(({place}) => `${place.kind} ${place.namespace ?? ''}/${place.name}`))].toSorted()
    }
    expect(await places(CART)).toEqual(['waypoint shop/wp-1', 'waypoint shop/wp-2', 'ztunnel /ztunnel'])
    expect(await places({ip: '10.96.1.10', port: 15_021})).toEqual(['app shop/wp-1', 'app shop/wp-2', 'ztunnel /ztunnel'])
    expect(await places({ip: '192.0.2.1', port: 1})).toEqual(['outside /192.0.2.1:1', 'ztunnel /ztunnel'])
  })

  it('tells what was ruled out', async () => {
    const {hops} = await walkProxy(await meshOf(DUMP), {question: {...CLIENT, destination: {ip: '10.96.1.10', port: 7777}}})
    const rejected = Object.values(hops).flatMap(({steps, next}) =>
      [...steps, ...next.flatMap((branch) => branch.steps)].flatMap((step) => step.rejected ?? []),
    )
    expect(rejected).toContainEqual({candidate: 'wp.shop.svc.cluster.local', because: 'the service does not declare port 7777'})
  })

  it('takes the dump for the release that is told', async () => {
    const verdicts = await Promise.all(
      [31, 20].map(
        async (ztunnelMinor) =>
          (await walkProxy(await meshOf(DUMP), {question: {...CLIENT, destination: CART}, ztunnelMinor})).verdict.kind,
      ),
    )
    expect(verdicts).toEqual(['delivered', 'unknown-waypoint'])
  })

  it.each([
    {question: {proxy: 'z'}, says: 'Where the connection enters the ztunnel is not said'},
    {question: {proxy: 'z', listener: 'outbound'}, says: 'A ztunnel has no listeners with names'},
    {question: {proxy: 'z', port: 15_001, destination: CART}, says: 'A ztunnel decides by the client'},
    {question: {...CLIENT}, says: 'A ztunnel decides by the address that was dialled'},
    {question: {...CLIENT, port: 15_008, authority: '10.0.0.1:80'}, says: 'HBONE is mutual TLS'},
    {question: {...CLIENT, port: 15_008, identity: 'spiffe://td/ns/a/sa/b'}, says: 'A tunnel is for one port'},
    {question: {...CLIENT, port: 15_008, identity: 'spiffe://td/ns/a/sa/b', authority: 'host:80'}, says: 'The address of the pod'},
  ])('refuses $question', async ({question, says}) => {
    const mesh = await meshOf(DUMP)
    await expect(walkProxy(mesh, {question: {...question, proxy: 'ztunnel'}})).rejects.toThrow(says)
  })

  it('says so when nothing listens there', async () => {
    expect((await walkProxy(await meshOf(DUMP), {question: {...CLIENT, port: 15_020}})).verdict.kind).toBe('no-listener')
  })

  it('answers nothing from an extract', async () => {
    const stdin = streamOf('[{"uid":"u","workloadIps":["10.0.0.1"]}]')
    const mesh = await openMesh(await openSnapshot({files: ['-=z'], stdin, environment: {}}), {inferNames: false})
    const thrown = await walkProxy(mesh, {question: {...CLIENT, proxy: 'z', destination: CART}}).catch((error: unknown) => error)
    expect(isExpectedError(thrown) && thrown.message).toBe('An extract of a dump answers no question.')
    const [dump] = mesh.shelf.dumps
    expect(dump === undefined ? dump : (await mesh.shelf.read(dump)).kind).toBe('unknown')
  })
})
