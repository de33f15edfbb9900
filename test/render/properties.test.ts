import fc from 'fast-check'
import stringWidth from 'string-width'
import {expect, test} from 'vitest'
import {renderMinimal} from '../../src/render/minimal.js'
import {renderTree} from '../../src/render/tree.js'
import {renderJson, toJson, traceDocument} from '../../src/render/trace-json.js'
import {traceSchema} from '../../src/render/trace-schema.js'
import {arbitraryTrace} from './trace-arbitrary.js'

/** Whatever a terminal obeys or a reader cannot see; the newline between lines is the renderer's own. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** Many runs on a machine that is shared. */
const PATIENCE = 60_000

const treeOptions = fc.record({
  width: fc.integer({min: 40, max: 240}),
  verbose: fc.boolean(),
  evidence: fc.boolean(),
  unicode: fc.boolean(),
})

test('no line of a tree is wider than asked, and none holds a control character', {timeout: PATIENCE}, () => {
  fc.assert(
    fc.property(arbitraryTrace, treeOptions, (trace, options) => {
      for (const line of renderTree(trace, options).split('\n')) {
        expect(stringWidth(line), line).toBeLessThanOrEqual(options.width)
        expect(line).not.toMatch(UNSAFE)
      }
    }),
    {numRuns: 200},
  )
})

test('without unicode a tree is plain ASCII', {timeout: PATIENCE}, () => {
  fc.assert(
    fc.property(arbitraryTrace, treeOptions, (trace, options) => {
      expect(renderTree(trace, {...options, unicode: false})).toMatch(/^[\x20-\x7e\n]*$/)
    }),
  )
})

test('the minimal form holds no control character and ends with the verdict', {timeout: PATIENCE}, () => {
  fc.assert(
    fc.property(arbitraryTrace, (trace) => {
      const lines = renderMinimal(trace).split('\n')
      for (const line of lines) expect(line).not.toMatch(UNSAFE)
      expect(lines.at(-1)).toMatch(new RegExp(`^verdict ${trace.verdict.kind}`))
    }),
    {numRuns: 200},
  )
})

test('every trace fits the published schema, and has no field the schema does not name', {timeout: PATIENCE}, () => {
  fc.assert(
    fc.property(arbitraryTrace, (trace) => {
      const document: unknown = JSON.parse(renderJson(trace))
      expect(traceSchema.parse(document)).toEqual(document)
    }),
    {numRuns: 200},
  )
})

test('a line of NDJSON is one line and holds the same document', {timeout: PATIENCE}, () => {
  fc.assert(
    fc.property(arbitraryTrace, (trace) => {
      const line = toJson(trace)
      expect(line).not.toContain('\n')
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(traceDocument(trace))))
    }),
  )
})
