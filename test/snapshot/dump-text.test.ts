import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {readDumpText, type DumpText} from '../../src/snapshot/dump-text.js'

const DUMP = {workloads: [{name: 'a{b', workloadIps: ['10.0.0.1']}], config: {network: 'x"}'}}
const TEXT = JSON.stringify(DUMP)

/** As JSON prints and reads it back: integer-like keys move to the front. */
function sameKeys(document: object): unknown {
  return JSON.parse(JSON.stringify(document))
}

function documentOf(read: DumpText): unknown {
  return read.kind === 'read' ? JSON.parse(read.document) : undefined
}

describe('dumps as people paste them', () => {
  test.each([
    {name: 'as it is', text: TEXT, document: DUMP, warnings: []},
    {name: 'pretty', text: JSON.stringify(DUMP, null, 2), document: DUMP, warnings: []},
    {
      name: 'with a log line in front',
      text: `info proxy{uid=7} [] ready\n${TEXT}\n`,
      document: DUMP,
      warnings: ['26 characters around the JSON were skipped'],
    },
    {name: 'with text behind', text: `${TEXT}\n$ exit`, document: DUMP, warnings: ['6 characters around the JSON were skipped']},
    {
      name: 'two objects',
      text: '{"config":{"network":"x"}}\n{"workloads":[]}',
      document: {config: {network: 'x'}, workloads: []},
      warnings: ['2 JSON values follow each other: they were read as one dump'],
    },
    {
      name: 'a list of one kind',
      text: '[{"name":"p","rules":[]}]',
      document: {policies: [{name: 'p', rules: []}]},
      warnings: [],
      lists: ['policies'],
    },
    {
      name: 'two lists',
      text: '[{"name":"p","rules":[]}]\n[{"vips":[]}]',
      document: {policies: [{name: 'p', rules: []}], services: [{vips: []}]},
      warnings: ['2 JSON values follow each other: they were read as one dump'],
      lists: ['policies', 'services'],
    },
  ])('$name', ({text, document, warnings, lists = []}) => {
    const read = readDumpText(text)
    expect(read.kind === 'read' ? {...read, document: documentOf(read)} : read).toEqual({kind: 'read', document, warnings, lists})
  })

  test('keep numbers that no program holds exactly', () => {
    expect(readDumpText('log\n{"id": 12345678901234567890}')).toMatchObject({document: '{"id": 12345678901234567890}'})
  })

  test.each([
    {text: '', why: 'there is no JSON object or list in the text'},
    {text: 'no such pod', why: 'there is no JSON object or list in the text'},
    {text: TEXT.slice(0, -1), why: 'there is no JSON object or list in the text'},
    {text: JSON.stringify(DUMP, null, 2).slice(0, -2), why: 'there is no JSON object or list in the text'},
    {text: `${TEXT}\n${TEXT}`, why: '"workloads" comes more than once: each dump needs a file of its own'},
    {text: '[{"other":1}]', why: 'no object, and no list of workloads, services, policies or certificates'},
  ])('$text', ({text, why}) => {
    expect(readDumpText(text)).toEqual({kind: 'unreadable', why})
  })

  test('any JSON object survives text around it', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), {minKeys: 1})
    fc.assert(
      fc.property(object, (document) => {
        const text = JSON.stringify(document)
        const read = readDumpText(`2026-01-01 info started\n${text}`)
        expect(JSON.stringify(read.kind === 'read' ? documentOf(read) : read.why)).toBe(JSON.stringify(sameKeys(document)))
      }),
    )
  })

  test.each([
    {name: 'brackets that never end', text: '[1'.repeat(60_000)},
    {name: 'brackets inside each other', text: `${'{'.repeat(60_000)}x${'}'.repeat(60_000)}`},
    {name: 'objects that are none', text: '{a}'.repeat(60_000)},
  ])('$name are given up in time', ({text}) => {
    const start = performance.now()
    expect(readDumpText(text)).toMatchObject({kind: 'unreadable'})
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
