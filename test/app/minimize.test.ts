import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, it} from 'vitest'
import {minimize, type MinimizeQuestion, type MinimizeResult} from '../../src/app/minimize.js'
import {evidenceIn} from '../../src/app/same-answer.js'
import type {Check} from '../../src/audit/check-file.js'
import type {Trace} from '../../src/flow/trace.js'
import {toJson} from '../../src/render/trace-json.js'
import {readDirectory} from '../../src/snapshot/directory.js'
import {packDirectory} from '../../src/snapshot/tar-writer.js'
import {anonymized, QUESTIONS, scratchDirectory, SNAPSHOTS, textsOf} from '../snapshot/anonymize/anonymized.js'
import {answer, hidden, shape} from '../snapshot/anonymize/isomorphism.js'
import {FIXTURES} from '../tools/fixtures.js'
import {resolves} from './resolve-evidence.js'

const scratch = scratchDirectory()
let made = 0
const newPlace = (): string => join(scratch, `small-${++made}`)

interface Reduced {
  readonly directory: string
  readonly told: MinimizeResult
}

async function reduced(snapshot: string, check: Check, others: Partial<MinimizeQuestion> = {}): Promise<Reduced> {
  const {namespace, envoyVersion} = check.sources
  const directory = newPlace()
  const told = await minimize({
    snapshot,
    flows: [check.question],
    trace: {namespace},
    mesh: envoyVersion === undefined ? {} : {envoyVersion},
    destination: {directory},
    version: '0',
    progress: () => undefined,
    ...others,
  })
  return {directory, told}
}

/** What a trace says, but for where it can be checked. */
function said(trace: Trace): unknown {
  return JSON.parse(toJson({...trace, warnings: []}), (key, value: unknown) => (key === 'evidence' ? [] : value))
}

function filesOf(directory: string): Readonly<Record<string, string>> {
  const entries = readdirSync(directory, {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile())
  const paths = entries.map(({parentPath, name}) => join(parentPath, name))
  return Object.fromEntries(paths.map((path) => [path.slice(directory.length), readFileSync(path, 'base64')]))
}

const unpackedSize = (directory: string): number => [...textsOf(directory).values()].reduce((total, text) => total + text.length, 0)

/** The first question that is pinned of a snapshot; the others differ in the same proxies. */
function firstQuestion(path: string): Check {
  const check = QUESTIONS.find(({sources}) => sources.paths[0] === path)
  if (check === undefined) throw new Error(`nothing is asked of ${path}`)
  return check
}

const BOOKINFO = join(FIXTURES, 'clusters/ga-bookinfo-unlabelled')
const DETAILS = firstQuestion('clusters/ga-bookinfo-unlabelled')

describe('a minimized snapshot', () => {
  it.each(SNAPSHOTS)('%s answers as the original does, is smaller, and cannot be made smaller', async (path) => {
    const check = firstQuestion(path)
    const original = join(FIXTURES, path)
    const {directory, told} = await reduced(original, check)
    const trace = await answer({paths: [directory]}, check)
    expect(said(trace)).toEqual(said(await answer({paths: [original]}, check)))
    expect(told.flows).toMatchObject([{verdict: trace.verdict.kind}])
    // Dumps whose endpoints have no names are kept whole.
    expect(unpackedSize(directory)).toBeLessThan(unpackedSize(original) * (path.includes('nameless') ? 1 : 0.8))
    const again = await reduced(directory, check)
    expect(filesOf(again.directory)).toEqual(filesOf(directory))
  })

  it('holds all that its traces point to', async () => {
    const {directory} = await reduced(BOOKINFO, DETAILS)
    const places = evidenceIn([await answer({paths: [directory]}, DETAILS)])
    const where = {folders: [directory], files: new Map<string, unknown>()}
    const broken = [...places].flatMap(([dump, pointers]) => [...pointers].filter((pointer) => !resolves({dump, pointer}, where)))
    expect(places.size).toBeGreaterThan(2)
    expect(broken).toEqual([])
  })

  it('holds nothing of other services, and says what it was made for', async () => {
    const {directory} = await reduced(BOOKINFO, DETAILS)
    expect([...textsOf(directory).values()].join()).not.toContain('ratings')
    const {minimizedFor, warnings} = await readDirectory(directory)
    expect(minimizedFor).toEqual(['sleep details:9080'])
    expect(warnings).toEqual([expect.stringContaining('reduced to what these flows need')])
  })

  it('keeps what several flows need', async () => {
    const questions = QUESTIONS.filter(({sources}) => sources.paths[0] === 'clusters/ga-policies').slice(0, 3)
    const policies = join(FIXTURES, 'clusters/ga-policies')
    const {directory} = await reduced(policies, DETAILS, {flows: questions.map(({question}) => question)})
    expect(questions.length).toBe(3)
    for (const check of questions) {
      expect(said(await answer({paths: [directory]}, check))).toEqual(said(await answer({paths: [policies]}, check)))
    }
  })
})

describe('minimize and anonymize', () => {
  it.each(['clusters/ga-egress', 'clusters/ga-ingress', 'clusters/kind-bookinfo-rules', 'clusters/waypoint-l7'])(
    '%s answers as before, whichever comes first',
    async (path) => {
      const check = firstQuestion(path)
      const original = join(FIXTURES, path)
      const expected = shape(await answer({paths: [original]}, check))

      const small = await reduced(original, check)
      const smallFirst = await anonymized(small.directory, {scratch})
      const {names} = smallFirst
      expect(shape(await answer({paths: [smallFirst.directory]}, hidden(check, names)), names.reveal)).toBe(expected)

      const anonymous = await anonymized(original, {scratch})
      const smallLast = await reduced(anonymous.directory, hidden(check, anonymous.names))
      const trace = await answer({paths: [smallLast.directory]}, hidden(check, anonymous.names))
      expect(shape(trace, anonymous.names.reveal)).toBe(expected)
    },
  )

  it('the flows it was made for have new names too', async () => {
    const small = await reduced(BOOKINFO, DETAILS)
    const {directory, names} = await anonymized(small.directory, {scratch})
    expect((await readDirectory(directory)).minimizedFor).toEqual([names.hide('sleep details:9080')])
    expect(names.hide('sleep')).not.toBe('sleep')
  })
})

describe('what is minimized', () => {
  it('may be an archive, and so may be what is made of it', async () => {
    const [from, archive] = [`${newPlace()}.tar.gz`, `${newPlace()}.tgz`]
    await packDirectory(BOOKINFO, from)
    const {told} = await reduced(from, DETAILS, {destination: {archive}})
    expect(told.output).toBe(archive)
    expect(said(await answer({paths: [archive]}, DETAILS))).toEqual(said(await answer({paths: [BOOKINFO]}, DETAILS)))
  })

  it('may be a lone dump', async () => {
    const dump = join(newPlace(), 'config_dump.json')
    mkdirSync(join(dump, '..'))
    writeFileSync(dump, gunzipSync(readFileSync(join(BOOKINFO, 'proxies/istio-system/ztunnel-node-a.json.gz'))))
    const {directory} = await reduced(dump, DETAILS)
    // A dump that was named is called by its whole path.
    const expected = JSON.stringify(said(await answer({paths: [dump]}, DETAILS))).replaceAll(dump, 'config_dump.json')
    expect(said(await answer({paths: [directory]}, DETAILS))).toEqual(JSON.parse(expected))
    expect(readFileSync(join(directory, 'config_dump.json')).length).toBeLessThan(readFileSync(dump).length)
  })

  it('may have an inventory in YAML, which becomes JSON', async () => {
    const tree = newPlace()
    for (const [file, text] of textsOf(BOOKINFO)) {
      const name = file.startsWith('inventory/')
        ? `namespaces/bookinfo/core/${file.slice(10).replace('.json.gz', '.yaml')}`
        : file.replace('.gz', '')
      if (name === 'snapshot.json') continue
      mkdirSync(join(tree, name, '..'), {recursive: true})
      writeFileSync(join(tree, name), text)
    }
    const {directory} = await reduced(tree, DETAILS)
    expect(readdirSync(join(directory, 'namespaces/bookinfo/core')).every((name) => name.endsWith('.json'))).toBe(true)
    expect(said(await answer({paths: [directory]}, DETAILS))).toEqual(said(await answer({paths: [tree]}, DETAILS)))
  })
})

describe('nothing is written', () => {
  it('into a directory that is not empty, or over a file', async () => {
    const taken = newPlace()
    mkdirSync(taken)
    writeFileSync(join(taken, 'mine.tar.gz'), '')
    await expect(reduced(BOOKINFO, DETAILS, {destination: {directory: taken}})).rejects.toThrow('not empty')
    await expect(reduced(BOOKINFO, DETAILS, {destination: {archive: join(taken, 'mine.tar.gz')}})).rejects.toThrow('such a file')
    expect(filesOf(taken)).toEqual({'/mine.tar.gz': ''})
  })

  it('for a name that nobody knows', async () => {
    const before = readdirSync(scratch)
    const directory = newPlace()
    const flows = [{source: 'nobody', destination: 'reviews:9080'}]
    await expect(reduced(BOOKINFO, DETAILS, {destination: {directory}, flows})).rejects.toThrow('nobody')
    expect(existsSync(directory)).toBe(false)
    expect(readdirSync(scratch)).toEqual(before)
  })
})
