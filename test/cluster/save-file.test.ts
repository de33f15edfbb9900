import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {saving, written} from '../../src/cluster/save-file.js'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'saving-'))
})
afterEach(() => {
  rmSync(dir, {recursive: true})
})

async function* source(...parts: readonly (string | Error)[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const part of parts) {
    await Promise.resolve()
    if (part instanceof Error) throw part
    yield Buffer.from(part)
  }
}

function save(bytes: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  return saving((into) => written(bytes, into), path)
}

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of bytes) text += Buffer.from(chunk).toString()
  return text
}

describe('bytes saved on their way', () => {
  it('pass and stand in the file', async () => {
    const file = join(dir, 'a')
    expect(await drain(save(source('ab', 'c'), file))).toBe('abc')
    expect(readFileSync(file, 'utf8')).toBe('abc')
    expect(readdirSync(dir)).toEqual(['a'])
  })

  it('leave nothing behind when they break off', async () => {
    const file = join(dir, 'a')
    await expect(drain(save(source('ab', new Error('lost')), file))).rejects.toThrow('lost')
    expect(readdirSync(dir)).toEqual([])
  })

  it('leave nothing behind when nobody wants the rest', async () => {
    const file = join(dir, 'a')
    writeFileSync(file, 'older')
    const bytes = save(source('ab', 'c'), file)
    expect((await bytes.next()).value).toEqual(Buffer.from('ab'))
    await bytes.return()
    expect(readdirSync(dir)).toEqual(['a'])
    expect(readFileSync(file, 'utf8')).toBe('older')
  })

  it('are not asked for when the file cannot be written', async () => {
    let asked = false
    const watched = (async function* () {
      asked = true
      yield* source('ab')
    })()
    const failed = drain(save(watched, join(dir, 'no', 'such', 'dir')))
    await expect(failed).rejects.toMatchObject({family: 'external', message: 'The file cannot be written.'})
    expect(asked).toBe(false)
  })

  it('do not replace a directory', async () => {
    const file = join(dir, 'taken')
    mkdirSync(file)
    await expect(drain(save(source('ab'), file))).rejects.toMatchObject({family: 'external'})
    expect(existsSync(file)).toBe(true)
    expect(readdirSync(dir)).toEqual(['taken'])
  })
})
