import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {isCommonAddress} from '../../../src/snapshot/anonymize/addresses.js'
import {FIXTURES} from '../../tools/fixtures.js'
import {anonymized, scratchDirectory, SNAPSHOTS, textsOf} from './anonymized.js'

const scratch = scratchDirectory()

describe('what was renamed stands nowhere in the output', () => {
  it.each(SNAPSHOTS)('%s', async (path) => {
    const {directory, names, result} = await anonymized(join(FIXTURES, path), {scratch})
    const originals = [...textsOf(join(FIXTURES, path))]
    const output = distinctWords([...textsOf(directory)].map(([file, text]) => `${file}\n${withoutFields(text)}`).join('\n'))
    const addresses = new Set(originals.flatMap(([, text]) => text.match(IPV4) ?? []))
    const own = new Set(originals.flatMap(([file, text]) => (file.startsWith('inventory/') ? namesIn(text) : [])))
    const left = new Set(result.warnings.flatMap((warning) => LEFT.exec(warning)?.[1]?.split(', ') ?? []))
    const hidden = [...own].filter((name) => names.hide(name) !== name && !left.has(name))
    expect(hidden.length).toBeGreaterThan(own.size / 3)
    expect(hidden.filter((name) => SEPARATOR.test(name))).toEqual([])
    expect(hidden.filter((name) => standsIn(output, name))).toEqual([])
    expect([...addresses].filter((address) => isAddress(address) && !isCommonAddress(address) && standsIn(output, address))).toEqual([])
  })
})

/** Names that are also words inside of extensions' names; each is listed. */
const LEFT = /^words of names stay in names of extensions and settings: (.*)$/
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g

function isAddress(text: string): boolean {
  return text.split('.').every((part) => Number(part) < 256)
}

/** Without keys of JSON that can be no name of Kubernetes, and without names of extensions: some services are called like those. */
function withoutFields(text: string): string {
  return text.replaceAll(/"[A-Za-z_@$]+"\s*:|"(?:envoy\.|type\.googleapis\.com\/)[\w./]*"/g, '')
}

/** No name has one of these in it. */
const SEPARATOR = /[\s",]/

/** A dump says the same words thousands of times; each is looked through once. */
function distinctWords(text: string): string {
  return [...new Set(text.split(SEPARATOR))].join('\n')
}

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/"(?:name|namespace|nodeName|serviceAccountName|generateName)"\s*:\s*"([^"]+)"/g)].flatMap(
    ([, name]) => name ?? [],
  )
}

function standsIn(output: string, text: string): boolean {
  const boundary = '[A-Za-z0-9]'
  return new RegExp(`(?<!${boundary})${text.replaceAll(/[.*+?^$()|[\]\\/]/g, String.raw`\$&`)}(?!${boundary})`).test(output)
}
