import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {IndexBuilder} from '../../src/json/index-builder.js'
import {JsonScanner, MAX_DEPTH, type ScanProblem, type TokenSink} from '../../src/json/scanner.js'
import {jsonValue, printing, printVariant} from './documents.js'

const SILENT: TokenSink = {open: () => undefined, close: () => undefined, key: () => undefined, scalar: () => undefined}

function scan(bytes: Uint8Array, chunkSize = bytes.length): ScanProblem | undefined {
  const scanner = new JsonScanner(SILENT)
  for (let at = 0; at < bytes.length; at += chunkSize) scanner.push(bytes.subarray(at, at + chunkSize))
  scanner.finish()
  return scanner.problem
}

/** The same, with leave to skip what stands before the document. */
function scanLeading(text: string): Pick<JsonScanner, 'problem' | 'leadingBytes' | 'line'> {
  const scanner = new JsonScanner(SILENT, {skipLeadingText: true})
  for (const byte of Buffer.from(text)) scanner.push(Buffer.from([byte]))
  scanner.finish()
  return scanner
}

/** JSON.parse behind a strict UTF-8 decoder: what the scanner must agree with. */
function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes))
    return true
  } catch {
    return false
  }
}

/** A loaded machine must not fail a property. */
const SLOW = 120_000

describe('JsonScanner accepts what JSON.parse accepts', () => {
  it('for random values in random print, in chunks of any size', () => {
    fc.assert(
      fc.property(jsonValue, printing, fc.integer({min: 1, max: 9}), (value, choices, chunkSize) => {
        expect(scan(Buffer.from(printVariant(value, choices)), chunkSize)).toBeUndefined()
      }),
    )
  })

  it('and refuses what it refuses, for each byte at each place of a text that is read four bytes at once', () => {
    const text = Buffer.from('{"a": "0123456789abcdef", "b": ""}')
    for (let at = 7; at < 15; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const bytes = Buffer.from(text)
        bytes[at] = byte
        expect(scan(bytes) === undefined).toBe(isJson(bytes))
        expect(scan(bytes)).toEqual(scan(bytes, 1))
      }
    }
  })

  it(
    'and refuses what it refuses, when bytes are changed, removed or inserted',
    () => {
      const change = fc.record({at: fc.nat(), remove: fc.nat({max: 2}), insert: fc.uint8Array({maxLength: 2})})
      const damaged = fc.tuple(jsonValue, printing, change).map(([value, choices, {at, remove, insert}]) => {
        const bytes = Buffer.from(printVariant(value, choices))
        const start = at % (bytes.length + 1)
        return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)])
      })
      fc.assert(
        fc.property(damaged, (bytes) => {
          expect(scan(bytes, 3) === undefined).toBe(isJson(bytes))
          expect(scan(bytes)).toEqual(scan(bytes, 3))
        }),
        {numRuns: 3000},
      )
    },
    SLOW,
  )

  it(
    'and the same for short texts of JSON characters',
    () => {
      const characters = fc.constantFrom(...Array.from('{}[],:"\\ \n-+.eE019truefalsn'))
      fc.assert(
        fc.property(fc.string({unit: characters, maxLength: 7}), (text) => {
          expect(scan(Buffer.from(text)) === undefined).toBe(isJson(Buffer.from(text)))
        }),
        {numRuns: 5000},
      )
    },
    SLOW,
  )

  it(
    'and the same for every two bytes inside a string',
    () => {
      const disagree: string[] = []
      for (let pair = 0; pair < 0x10000; pair += 1) {
        const bytes = Buffer.from([0x22, pair >> 8, pair & 0xff, 0x22])
        if ((scan(bytes) === undefined) !== isJson(bytes)) disagree.push(pair.toString(16))
      }
      expect(disagree).toEqual([])
    },
    SLOW,
  )

  it('and the same for three and four byte characters at the edges of UTF-8', () => {
    const edges = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]
    const leads = [0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5]
    const texts = leads.flatMap((lead) =>
      edges.flatMap((second) => [
        [lead, second, 0x80],
        [lead, second, 0x80, 0x80],
      ]),
    )
    for (const text of texts) {
      const bytes = Buffer.from([0x22, ...text, 0x22])
      expect([text, scan(bytes) === undefined]).toEqual([text, isJson(bytes)])
    }
  })
})

describe('JsonScanner says where and why', () => {
  const cases: {readonly name: string; readonly text: string | Uint8Array; readonly problem: Partial<ScanProblem>}[] = [
    {name: 'nothing', text: '', problem: {code: 'empty', offset: 0, line: 1}},
    {name: 'white space', text: ' \n\n', problem: {code: 'empty', offset: 3, line: 3}},
    {name: 'only a byte order mark', text: '\ufeff', problem: {code: 'empty', offset: 3}},
    {name: 'two byte order marks', text: '\ufeff\ufeff{}', problem: {code: 'unexpected', offset: 3, got: 'byte 0xef'}},
    {name: 'NaN', text: '{\n "a": NaN}', problem: {code: 'unexpected', offset: 8, line: 2, expected: 'a value', got: '"N"'}},
    {name: 'Infinity', text: '[-Infinity]', problem: {code: 'unexpected', offset: 2, expected: 'the rest of a number'}},
    {name: 'a leading zero', text: '[01]', problem: {code: 'unexpected', offset: 2}},
    {name: 'a trailing comma', text: '{"a":1,}', problem: {code: 'unexpected', offset: 7, expected: 'a key'}},
    {name: 'a wrong bracket', text: '{"a":[1}', problem: {code: 'unexpected', offset: 7, expected: '"," or "]"'}},
    {name: 'a raw line feed in a string', text: '["a\n"]', problem: {code: 'unexpected', offset: 3, got: 'byte 0x0a'}},
    {name: 'single quotes', text: "{'a':1}", problem: {code: 'unexpected', offset: 1}},
    {name: 'a cut string', text: '{"a":"b', problem: {code: 'truncated', offset: 7, expected: 'the rest of a string'}},
    {name: 'a cut escape', text: '"\\u00', problem: {code: 'truncated', offset: 5, expected: 'a hexadecimal digit'}},
    {name: 'a cut character', text: Buffer.from([0x22, 0xe2, 0x82]), problem: {code: 'truncated', expected: 'a UTF-8 continuation byte'}},
    {name: 'a cut number in a list', text: '[12', problem: {code: 'truncated', offset: 3}},
    {name: 'a cut literal', text: 'tru', problem: {code: 'truncated', offset: 3, expected: 'true, false or null'}},
    {name: 'Latin-1', text: Buffer.from('["\xe9"]', 'latin1'), problem: {code: 'invalid-utf8', offset: 3, got: '"""'}},
    {name: 'a second document', text: '{}\n{}', problem: {code: 'trailing', offset: 3, line: 2, expected: 'nothing after the document'}},
    {name: 'a NUL after the document', text: '{}\0', problem: {code: 'trailing', offset: 2, got: 'byte 0x00'}},
    {name: 'UTF-16', text: Buffer.from('\ufeff{}', 'utf16le'), problem: {code: 'unexpected', offset: 0, got: 'byte 0xff'}},
  ]
  it.each(cases)('$name', ({text, problem}) => {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    expect(scan(bytes)).toMatchObject(problem)
    expect(scan(bytes, 1)).toEqual(scan(bytes))
  })

  it('too many containers inside each other, without a stack overflow', () => {
    const bomb = (depth: number): Uint8Array => Buffer.from('['.repeat(depth) + ']'.repeat(depth))
    expect(scan(bomb(MAX_DEPTH))).toBeUndefined()
    expect(scan(bomb(1_000_000))).toMatchObject({code: 'too-deep', offset: MAX_DEPTH})
    expect(scan(Buffer.from('{"a":'.repeat(1_000_000)))).toMatchObject({code: 'too-deep', offset: MAX_DEPTH * 5})
  })

  it('a byte order mark in front is skipped, even when cut into chunks', () => {
    expect(scan(Buffer.from('\ufeff{"a": 1}'), 1)).toBeUndefined()
  })

  it('also with text in front to skip, when no document follows', () => {
    const first = {code: 'unexpected', offset: 0, line: 1, got: '"D"'}
    expect(scanLeading('Defaulted container\nand so on').problem).toMatchObject(first)
    expect(scanLeading(`Defaulted container\n${'x\n'.repeat(50_000)}{}`).problem).toMatchObject(first)
    expect(scanLeading('log\n{"a": }').problem).toMatchObject({code: 'unexpected', offset: 10, line: 2})
    expect(scanLeading('{} text').problem).toMatchObject({code: 'trailing', offset: 3})
    expect(scanLeading('').problem).toMatchObject({code: 'empty'})
  })

  it('a number at the end of the data is complete', () => {
    expect([scan(Buffer.from('12')), scan(Buffer.from('-0.5e+3'))]).toEqual([undefined, undefined])
  })
})

describe('JsonScanner skips text before the document when told to', () => {
  const cases = [
    'Defaulted container "istio-proxy" out of: istio-proxy\n',
    '2022-12-01T10:00:00Z info x\n\n',
    'nothing\n',
    '"quoted\n',
    '\ufefflog\n',
    '\u0000\xff é\n \t',
  ]
  it.each(cases)('%j', (text) => {
    const document = '{"configs":\n[]}'
    const {problem, leadingBytes, line} = scanLeading(text + document)
    expect(problem).toBeUndefined()
    expect([leadingBytes, line]).toEqual([Buffer.byteLength(text), (text + document).split('\n').length])
  })

  it.each(['[warn] x\n', 'null pointer\n', '12 x\n'])('but not text that begins with a JSON value: %j', (text) => {
    expect(scanLeading(`${text}{}`).problem).toBeDefined()
  })

  it('and says so in an index', () => {
    const builder = new IndexBuilder()
    builder.push(Buffer.from('Defaulted container\n{"a":[{"name":"n"}]}'))
    const {resources, warnings} = builder.finish()
    expect(resources.ref(0)).toMatchObject({name: 'n', pointer: '/a/0'})
    expect(resources.span(0)).toEqual({start: 26, end: 38})
    expect(warnings).toEqual(['20 bytes of other text stand before the document and are skipped'])
  })
})
