import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {jsonLine, printableJson} from '../../src/render/json-line.js'

describe('jsonLine', () => {
  it('reads the same and prints nothing a terminal would obey', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({unit: 'binary'}), (value, text) => {
        const line = jsonLine({value, text})
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify({value, text})))
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })

  it('escapes what turns text around, also beyond 16 bits', () => {
    expect(jsonLine('a\u202eb\u009b\u{e0001}')).toBe('"a\\u202eb\\u009b\\udb40\\udc01"')
  })

  it('leaves the line feeds of indented JSON', () => {
    expect(printableJson(JSON.stringify({a: '\u009b2J\n'}, undefined, 1))).toBe('{\n "a": "\\u009b2J\\n"\n}')
  })
})
