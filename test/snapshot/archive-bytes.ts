import {deflateRawSync, gzipSync} from 'node:zlib'

/** An entry as somebody may write it who wishes no good. */
export interface HandMade {
  readonly name: string
  readonly content?: string | Uint8Array
  /** tar: the type flag; default a file. */
  readonly type?: string
  readonly prefix?: string
  /** zip: the unix mode. */
  readonly mode?: number
  readonly method?: number
  readonly flags?: number
}

export function tarBytes(entries: readonly HandMade[]): Buffer {
  return Buffer.concat([...entries.flatMap(tarEntry), Buffer.alloc(1024)])
}

export function tarGz(entries: readonly HandMade[]): Buffer {
  return gzipSync(tarBytes(entries))
}

function tarEntry({name, content = '', type = '0', prefix = ''}: HandMade): readonly Buffer[] {
  const bytes = Buffer.from(content)
  const block = Buffer.alloc(512)
  block.write(name, 0)
  block.write(bytes.length.toString(8).padStart(11, '0'), 124)
  block.write(`        ${type}`, 148)
  block.write('ustar\x0000', 257)
  block.write(prefix, 345)
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return [block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]
}

export function zipBytes(entries: readonly HandMade[]): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const {name, content = '', mode = 0o100_644, method = 8, flags = 0} = entry
    const packed = method === 8 ? deflateRawSync(Buffer.from(content)) : Buffer.from(content)
    const local = Buffer.concat([
      fields(30, {0: 0x0403_4b50, 18: packed.length}, {8: method, 26: Buffer.byteLength(name)}),
      Buffer.from(name),
      packed,
    ])
    const central = fields(
      46,
      {0: 0x0201_4b50, 20: packed.length, 38: mode * 0x1_0000, 42: offset},
      {8: flags, 10: method, 28: Buffer.byteLength(name)},
    )
    directory.push(central, Buffer.from(name))
    locals.push(local)
    offset += local.length
  }
  const list = Buffer.concat(directory)
  return Buffer.concat([...locals, list, fields(22, {0: 0x0605_4b50, 12: list.length, 16: offset}, {10: entries.length})])
}

function fields(length: number, long: Readonly<Record<number, number>>, short: Readonly<Record<number, number>>): Buffer {
  const block = Buffer.alloc(length)
  for (const [at, value] of Object.entries(long)) block.writeUInt32LE(value, Number(at))
  for (const [at, value] of Object.entries(short)) block.writeUInt16LE(value, Number(at))
  return block
}
