import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {Spool} from '../../src/snapshot/spool.js'

describe('Spool', () => {
  it('gives back any range, from memory or from a file', () => {
    const chunks = fc.array(fc.uint8Array({maxLength: 20}), {maxLength: 6})
    fc.assert(
      fc.property(chunks, fc.nat({max: 60}), fc.tuple(fc.nat(), fc.nat()), (parts, memory, [a, b]) => {
        const spool = new Spool(memory)
        const whole = Buffer.concat(parts)
        for (const part of parts) spool.write(part)
        const offset = a % (whole.length + 1)
        const length = b % (whole.length - offset + 1)
        expect(Buffer.from(spool.read(offset, length))).toEqual(whole.subarray(offset, offset + length))
        spool.close()
      }),
      {numRuns: 50},
    )
  })

  it('does not keep the buffer it was given', () => {
    const chunk = Buffer.from('abc')
    const spool = new Spool()
    spool.write(chunk)
    chunk.fill(0)
    expect(Buffer.from(spool.read(0, 3)).toString()).toBe('abc')
  })

  it.each([0, 100])('refuses to read past its end, and after it was closed (%d bytes of memory)', (memory) => {
    const spool = new Spool(memory)
    spool.write(Buffer.from('abc'))
    expect(() => spool.read(2, 5)).toThrow('the data ends at byte 3')
    spool.close()
    expect(() => spool.read(0, 1)).toThrow('the data ends at byte 0')
  })
})
