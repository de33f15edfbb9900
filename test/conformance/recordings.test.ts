import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {describe, expect, test} from 'vitest'
import {recordedBytes, recordedFiles} from './oracle-path.js'

const SHARED = fileURLToPath(new URL('../../../shared/oracle', import.meta.url))

describe('the copy of the recordings', () => {
  test('holds both layers that have an engine', () => {
    expect(new Set(recordedFiles().map((file) => file.split('/')[0]))).toEqual(new Set(['ambient2022', 'envoy']))
  })

  test('is byte for byte what was recorded', () => {
    const copied = recordedFiles().filter((file) => existsSync(join(SHARED, file)))
    const changed = copied.filter((file) => !recordedBytes(file).equals(readFileSync(join(SHARED, file))))
    expect(changed).toEqual([])
  })
})
