import {gzipSync} from 'node:zlib'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {InputError} from '../../src/flow/errors.js'
import {memoryStore} from '../../src/json/memory-store.js'
import {readManifest} from '../../src/snapshot/manifest.js'
import {openDump} from '../../src/snapshot/open-dump.js'
import {readInventory} from '../../src/snapshot/read-inventory.js'
import {jsonValue} from '../json/documents.js'
import {ENVOY, streamOf} from './workspace.js'

/** A loaded machine must not fail a property. */
const SLOW = 120_000

describe('hostile input gives a clear error or a value, never a crash', {timeout: SLOW}, () => {
  const damage = fc.record({at: fc.nat(), remove: fc.nat({max: 20}), insert: fc.uint8Array({maxLength: 4})})

  it('as a damaged dump, plain or gzip', async () => {
    await fc.assert(
      fc.asyncProperty(damage, fc.boolean(), async ({at, remove, insert}, zipped) => {
        const whole = zipped ? gzipSync(ENVOY) : Buffer.from(ENVOY)
        const start = at % whole.length
        const bytes = Buffer.concat([whole.subarray(0, start), insert, whole.subarray(start + remove)])
        const result: unknown = await openDump({name: 'x', from: streamOf(bytes)}).catch((error: unknown) => error)
        expect(result instanceof InputError || !(result instanceof Error)).toBe(true)
      }),
      {numRuns: 500},
    )
  })

  it('as any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({maxLength: 40}), async (bytes) => {
        const result: unknown = await openDump({name: 'x', from: streamOf(bytes)}).catch((error: unknown) => error)
        expect(result instanceof InputError || !(result instanceof Error)).toBe(true)
      }),
      {numRuns: 500},
    )
  })

  it('as an inventory of any shape', async () => {
    const kind = fc.constantFrom('Pod', 'Service', 'EndpointSlice', 'Node', 'Namespace', 'ServiceAccount', 'ConfigMap')
    const metadata = fc.record({
      name: jsonValue,
      namespace: jsonValue,
      labels: jsonValue,
      annotations: jsonValue,
      ownerReferences: jsonValue,
    })
    const item = fc.record({
      apiVersion: fc.constantFrom('v1', 'discovery.k8s.io/v1'),
      kind,
      metadata,
      spec: jsonValue,
      status: jsonValue,
      data: jsonValue,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(item, jsonValue)), async (items) => {
        const {warnings} = await readInventory([memoryStore({name: 'pods.json', document: {apiVersion: 'v1', items}})])
        expect(warnings.every((warning) => warning.startsWith('pods.json#/items/'))).toBe(true)
      }),
      {numRuns: 500},
    )
  })

  it('as a manifest of any shape', () => {
    const file = fc.record(
      {path: fc.oneof(fc.string(), jsonValue), kind: fc.oneof(fc.constant('config-dump'), jsonValue)},
      {requiredKeys: []},
    )
    const manifest = fc.record({
      schemaVersion: fc.oneof(fc.constant('ambientctl.snapshot/1'), jsonValue),
      files: fc.oneof(fc.array(file), jsonValue),
    })
    fc.assert(
      fc.property(manifest, (value) => {
        try {
          expect(readManifest(JSON.stringify(value), 'snapshot.json').schemaVersion).toBe('ambientctl.snapshot/1')
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
        }
      }),
    )
  })
})
