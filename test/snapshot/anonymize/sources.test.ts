import {mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {InputError} from '../../../src/flow/errors.js'
import {anonymizeSnapshot} from '../../../src/snapshot/anonymize/anonymize.js'
import {packDirectory} from '../../../src/snapshot/tar-writer.js'
import {FIXTURES} from '../../tools/fixtures.js'
import {anonymized, scratchDirectory, textsOf} from './anonymized.js'

const scratch = scratchDirectory()
const newPlace = (): string => mkdtempSync(join(scratch, 'place-'))
const ORIGINAL = join(FIXTURES, 'clusters/ga-bookinfo-unlabelled')

/** A snapshot of a few objects, for what no shipped one has. */
function recorded(files: Readonly<Record<string, string>>): string {
  const place = newPlace()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(place, name, '..'), {recursive: true})
    writeFileSync(join(place, name), text)
  }
  return place
}

describe('anonymize refuses', () => {
  const request = {snapshot: ORIGINAL, seed: 'a', version: '0'}

  it('a directory that holds something, and leaves it as it was', async () => {
    const directory = recorded({mine: 'text'})
    await expect(anonymizeSnapshot({...request, directory, map: join(newPlace(), 'map.json')})).rejects.toThrow('not empty')
    expect([...textsOf(directory)]).toEqual([['mine', 'text']])
  })

  it.each(['map.json', 'deep/../map.json', './map.json'])('a map inside the directory: %s', async (name) => {
    const directory = newPlace()
    mkdirSync(join(directory, 'deep'), {recursive: true})
    const inside = join(directory, 'deep', 'shared')
    await expect(anonymizeSnapshot({...request, directory: inside, map: `${inside}/${name}`})).rejects.toThrow('map would be shared')
    expect(readdirSync(join(directory, 'deep'))).toEqual([])
  })

  it.each([
    {what: 'what is not there', snapshot: join(scratch, 'nowhere')},
    {what: 'what is no dump', snapshot: join(FIXTURES, 'check.yaml')},
  ])('$what, and leaves nothing behind', async ({snapshot}) => {
    const place = newPlace()
    const wanted = {...request, snapshot, directory: join(place, 'shared'), map: join(place, 'map.json')}
    await expect(anonymizeSnapshot(wanted)).rejects.toThrow(InputError)
    expect(readdirSync(place)).toEqual([])
  })

  it('to write over a map', async () => {
    const map = join(recorded({'map.json': 'mine'}), 'map.json')
    await expect(anonymizeSnapshot({...request, directory: join(newPlace(), 'shared'), map})).rejects.toThrow('cannot be written')
    expect(readFileSync(map, 'utf8')).toBe('mine')
  })
})

describe('anonymize', () => {
  it('gives the same for the same seed, and other names for another', async () => {
    const [one, same, other] = [
      await anonymized(ORIGINAL, {scratch}),
      await anonymized(ORIGINAL, {scratch}),
      await anonymized(ORIGINAL, {scratch, seed: 'another'}),
    ]
    expect(textsOf(same.directory)).toEqual(textsOf(one.directory))
    expect(readFileSync(same.map)).toEqual(readFileSync(one.map))
    expect(other.names.hide('details')).not.toBe(one.names.hide('details'))
    expect(one.names.reveal(one.names.hide('details'))).toBe('details')
  })

  it('keeps the map to its owner', async () => {
    const {map} = await anonymized(ORIGINAL, {scratch})
    expect(statSync(map).mode & 0o077).toBe(0)
  })

  it('reads an archive as the directory that was packed', async () => {
    const archive = join(newPlace(), 'packed.tar.gz')
    await packDirectory(ORIGINAL, archive)
    const [fromArchive, fromDirectory] = [await anonymized(archive, {scratch}), await anonymized(ORIGINAL, {scratch})]
    expect(textsOf(fromArchive.directory)).toEqual(textsOf(fromDirectory.directory))
  })

  it('writes an inventory in YAML as JSON with other names', async () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: billing-7, namespace: finance}\nspec: {nodeName: rack12}\nstatus: {podIP: 10.9.8.7}\n'
    const {directory, names} = await anonymized(recorded({'namespaces/finance/core/pods.yaml': pod}), {scratch})
    const texts = textsOf(directory)
    expect(texts.get(names.hide('namespaces/finance/core/pods.json'))).toContain(`"${names.hide('billing-7')}"`)
    expect([...texts].flat().join()).not.toMatch(/billing|finance|rack12|10\.9\.8\.7/)
  })
})

describe('no address of IPv6 is left', () => {
  const ADDRESSES = ['fd00:10:96::1f', '2001:db8:7::42', 'fe80::a8bb:ccff:fe01:2', '::ffff:10.7.6.5', '2001:DB8:7:0:0:0:0:43']
  /** Each way in which dumps and rules write an address. */
  const texts = ADDRESSES.flatMap((ip) => [ip, `[${ip}]:15008`, `${ip}/128`, `network/${ip}`, `/${ip}`, `inbound_${ip}`])
  const workloads = ADDRESSES.map((ip) => ({uid: `cluster//Pod/zoo/${ip}`, name: 'lion', workloadIps: [ip]}))

  it('in names, keys, ranges, sockets and rules', async () => {
    const snapshot = recorded({
      'snapshot.json': JSON.stringify({
        schemaVersion: 'ambientctl.snapshot/1',
        files: [
          {path: 'proxies/zoo/z.json', kind: 'config-dump', pod: 'z', namespace: 'zoo'},
          {path: 'capture/node/n/ip6tables-save', kind: 'capture'},
        ],
      }),
      'proxies/zoo/z.json': JSON.stringify({
        workloads,
        services: [],
        policies: [],
        by_addr: Object.fromEntries(texts.map((text) => [text, {name: text}])),
      }),
      'capture/node/n/ip6tables-save': texts.map((text) => `-A OUTPUT -d ${text} -j ACCEPT\n`).join(''),
    })
    const {directory} = await anonymized(snapshot, {scratch})
    const output = [...textsOf(directory)].flat().join('\n').toLowerCase()
    for (const part of ['fd00:10:96', '2001:db8:7', 'a8bb:ccff', '10.7.6.5', 'a07:605', 'lion']) expect(output).not.toContain(part)
    expect(output.match(/^-a output -d \S+ -j accept$/gm)).toHaveLength(texts.length)
  })
})
