import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {parseJson} from '../../src/json/parse.js'
import {splitDump, type Split} from '../../src/json/split.js'
import {isObject} from '../../src/json/view.js'
import {document, printing, printVariant} from './documents.js'
import {cutInto, elementsOf, split} from './splitting.js'

/** A loaded machine must not fail a property. */
const SLOW = 120_000

describe('splitDump equals JSON.parse', () => {
  it(
    'for random documents, cut at every byte',
    async () => {
      await fc.assert(
        fc.asyncProperty(document, printing, async (value, choices) => {
          const bytes = Buffer.from(printVariant(value, choices))
          const expected = elementsOf(JSON.parse(bytes.toString()))
          for (let cut = 0; cut <= bytes.length; cut++) {
            expect(valuesOf(await split([bytes.subarray(0, cut), bytes.subarray(cut)]))).toEqual(expected)
          }
          expect(valuesOf(await split(cutInto(bytes, 1)))).toEqual(expected)
        }),
        {numRuns: 60},
      )
    },
    SLOW,
  )

  it(
    'and offset and length give the bytes of the value',
    async () => {
      await fc.assert(
        fc.asyncProperty(document, printing, fc.integer({min: 1, max: 7}), async (value, choices, size) => {
          const bytes = Buffer.from(printVariant(value, choices))
          for (const part of await split(cutInto(bytes, size))) {
            if (part.kind === 'problem') throw new Error(part.problem.code)
            expect(JSON.parse(bytes.toString('utf8', part.offset, part.offset + part.length))).toEqual(part.value)
          }
        }),
      )
    },
    SLOW,
  )

  it('with elements longer than many chunks', async () => {
    const long = 'é😀'.repeat(5000)
    const bytes = Buffer.from(JSON.stringify({configs: [{a: [{name: long}, long, 1], b: {deep: [long]}}]}))
    expect(valuesOf(await split(cutInto(bytes, 64)))).toEqual(elementsOf(JSON.parse(bytes.toString())))
  })

  it('counts offsets from the byte order mark on', async () => {
    expect(await split([Buffer.from('\ufeff{"a":1}')])).toEqual([
      {kind: 'element', pointer: '/a', path: ['a'], offset: 8, length: 1, value: 1},
    ])
  })
})

describe('splitDump shares the document out', () => {
  const cases: {readonly name: string; readonly text: string; readonly pointers: readonly string[]}[] = [
    {
      name: 'members of config objects, lists item by item',
      text: '{"configs":[{"@type":"t","bootstrap":{"x":[1]}},{"dynamic_listeners":[{},{}],"@type":"u"}]}',
      pointers: [
        '/configs/0/@type',
        '/configs/0/bootstrap',
        '/configs/1/dynamic_listeners/0',
        '/configs/1/dynamic_listeners/1',
        '/configs/1/@type',
      ],
    },
    {
      name: 'lists of another document item by item',
      text: '{"workloads":[{},{}],"version":"1"}',
      pointers: ['/workloads/0', '/workloads/1', '/version'],
    },
    {
      name: 'maps of another document member by member',
      text: '{"workloads":{"//10.0.0.1":{},"a~b":{}}}',
      pointers: ['/workloads/~1~110.0.0.1', '/workloads/a~0b'],
    },
    {name: 'configs that is no list like any other member', text: '{"configs":{"a":[1]}}', pointers: ['/configs/a']},
    {name: 'items of configs that are no objects', text: '{"configs":[null,[{}]]}', pointers: ['/configs/0', '/configs/1']},
    {name: 'nothing of empty containers', text: '{"configs":[{"a":[]},{}],"b":{},"c":[]}', pointers: []},
    {name: 'a key named __proto__', text: '{"configs":[{"__proto__":[{"__proto__":{"x":1}}]}]}', pointers: ['/configs/0/__proto__/0']},
    {name: 'both of equal keys of the document', text: '{"m":[1,2],"n":0,"m":{}, "m":[3]}', pointers: ['/m/0', '/m/1', '/n', '/m/0']},
    {name: 'both of equal keys of a map', text: '{"m":{"a":1,"a":2}}', pointers: ['/m/a', '/m/a']},
  ]
  it.each(cases)('$name', async ({text, pointers}) => {
    const parts = await split(cutInto(Buffer.from(text), 5))
    expect(parts.map((part) => (part.kind === 'element' ? part.pointer : part.problem.code))).toEqual(pointers)
  })

  it('keeps __proto__ an own property and never a prototype', async () => {
    const [part] = await split(cutInto(Buffer.from('{"a":[{"__proto__":{"polluted":1}}]}'), 3))
    const value = part?.kind === 'element' ? part.value : undefined
    expect(isObject(value) ? Object.keys(value) : undefined).toEqual(['__proto__'])
    expect(isObject(value) && Object.getPrototypeOf(value) === Object.prototype).toBe(true)
    expect('polluted' in {}).toBe(false)
  })

  it('lets the last of equal keys inside an element win', async () => {
    expect(valuesOf(await split([Buffer.from('{"configs":[{"a":{"b":1,"b":2}}]}')]))).toEqual([['/configs/0/a', {b: 2}]])
  })
})

describe('splitDump keeps what came before a problem', () => {
  const before = '{"configs":[{"@type":"t","x":[{"n":1},'
  const cases: {readonly name: string; readonly text: string; readonly problem: object}[] = [
    {
      name: 'truncation inside an element',
      text: `${before}{"n":[2,`,
      problem: {code: 'truncated', offset: before.length + 8, pointer: '/configs/0/x/1'},
    },
    {
      name: 'a token that is no JSON',
      text: `${before}{"n":\nNaN}]}]}`,
      problem: {code: 'unexpected', offset: before.length + 6, line: 2, pointer: '/configs/0/x/1'},
    },
    {name: 'something after the document', text: `${before}{}]}]} {`, problem: {code: 'trailing', offset: before.length + 7, pointer: ''}},
    {name: 'depth inside an element', text: before + '['.repeat(100_000), problem: {code: 'too-deep', pointer: '/configs/0/x/1'}},
    {
      name: 'configs twice',
      text: `${before}{}]}],"configs":[]}`,
      problem: {code: 'duplicate-key', offset: before.length + 6, pointer: '/configs'},
    },
    {
      name: 'a section twice',
      text: `${before}{}],"x":[]}]}`,
      problem: {code: 'duplicate-key', offset: before.length + 4, pointer: '/configs/0/x'},
    },
  ]
  it.each(cases)('$name', async ({text, problem}) => {
    const parts = await split(cutInto(Buffer.from(text), 7))
    const last = parts.at(-1)
    expect(valuesOf(parts).slice(0, 2)).toEqual([
      ['/configs/0/@type', 't'],
      ['/configs/0/x/0', {n: 1}],
    ])
    expect(last?.kind === 'problem' ? last.problem : undefined).toMatchObject(problem)
    expect(parts.filter((part) => part.kind === 'problem')).toHaveLength(1)
  })

  const refused: {readonly name: string; readonly text: string; readonly problem: object}[] = [
    {name: 'a list', text: '[{}]', problem: {code: 'not-an-object', offset: 0, got: 'an array'}},
    {name: 'a scalar', text: ' "x"', problem: {code: 'not-an-object', offset: 1, got: 'a scalar'}},
    {name: 'a bare number', text: '1', problem: {code: 'not-an-object', offset: 0}},
    {name: 'nothing', text: '', problem: {code: 'empty', offset: 0}},
  ]
  it.each(refused)('$name as document', async ({text, problem}) => {
    expect(await split([Buffer.from(text)])).toMatchObject([{kind: 'problem', problem}])
  })

  it('a document with too many members', async () => {
    const members = Array.from({length: 10_001}, (_, index) => `"k${index}":0`)
    const parts = await split([Buffer.from(`{${members.join(',')}}`)])
    expect(parts).toHaveLength(10_001)
    expect(parts.at(-1)).toMatchObject({problem: {code: 'too-large', pointer: '/k10000'}})
  })

  it('stops reading its source', async () => {
    let reads = 0
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (; reads < 10; reads++) yield await Promise.resolve(Buffer.from('}'))
    }
    for await (const part of splitDump(source())) expect(part.kind).toBe('problem')
    expect(reads).toBe(0)
  })
})

describe('parseJson keeps integers whole', () => {
  const cases: {readonly text: string; readonly value: unknown}[] = [
    {text: '9007199254740991', value: 9007199254740991},
    {text: '9007199254740992', value: '9007199254740992'},
    {text: '-18446744073709551615', value: '-18446744073709551615'},
    {text: '{"a":[18446744073709551615,1],"b":"18446744073709551615"}', value: {a: ['18446744073709551615', 1], b: '18446744073709551615'}},
    {text: '[1e30,12345678901234567890.5,1234567890123456e3]', value: [1e30, 12345678901234567890.5, 1234567890123456e3]},
    {text: '{"1234567890123456789":"é😀",  "x" : 12345678901234567890 }', value: {'1234567890123456789': 'é😀', x: '12345678901234567890'}},
  ]
  it.each(cases)('$text', ({text, value}) => {
    expect(parseJson(Buffer.from(text))).toEqual(value)
  })

  it('for any 64-bit number anywhere in a document', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({min: -(2n ** 64n), max: 2n ** 64n})), (numbers) => {
        const read = parseJson(Buffer.from(`{"é":[${numbers.join(' , ')}]}`))
        expect(read).toEqual({é: numbers.map((number) => (Number.isSafeInteger(Number(number)) ? Number(number) : String(number)))})
      }),
    )
  })

  it('refuses bytes that are no UTF-8 or no JSON', () => {
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(TypeError)
    expect(() => parseJson(Buffer.from('{'))).toThrow(SyntaxError)
  })
})

function valuesOf(parts: readonly Split[]): readonly (readonly [string, unknown])[] {
  return parts.flatMap((part) => (part.kind === 'element' ? [[part.pointer, part.value] as const] : []))
}
