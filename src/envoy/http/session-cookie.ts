/**
 * The message in a session cookie: field 1 is the address, field 2 the second it expires. Bytes that are no message are the address
 * itself, as older Envoys wrote it. Source: Envoy cookie.h parseAddress; seen on Envoy 1.40.0.
 */
export function readSessionCookie(bytes: Buffer): {readonly address: string; readonly expires?: true} | undefined {
  const fields = readFields(bytes)
  if (fields === undefined) return {address: bytes.toString('latin1')}
  const address = fields.findLast(({tag}) => tag === ADDRESS)?.bytes.toString('utf8') ?? ''
  const expires = fields.findLast(({tag}) => tag === EXPIRES)?.number ?? 0n
  return address === '' ? undefined : {address, ...(expires === 0n ? {} : {expires: true})}
}

const ADDRESS = (1 << 3) | 2
const EXPIRES = 2 << 3

interface Field {
  readonly tag: number
  readonly number: bigint
  readonly bytes: Buffer
  readonly end: number
}

/** Undefined when the bytes are no protobuf message. */
function readFields(bytes: Buffer): readonly Field[] | undefined {
  const fields: Field[] = []
  for (let at = 0; at < bytes.length; ) {
    const field = readField(bytes, at)
    if (field === undefined || field.end > bytes.length) return undefined
    fields.push(field)
    at = field.end
  }
  return fields
}

const NO_BYTES = Buffer.alloc(0)

/** By wire type: numbers, eight bytes, bytes with their length, four bytes. Groups are in no message of ours. */
function readField(from: Buffer, at: number): Field | undefined {
  const tag = readVarint(from, at)
  if (tag === undefined || tag.number >> 3n === 0n) return undefined
  const plain = {tag: Number(tag.number), number: 0n, bytes: NO_BYTES}
  switch (plain.tag & 7) {
    case 0: {
      const value = readVarint(from, tag.end)
      return value === undefined ? undefined : {...plain, ...value}
    }
    case 1:
      return {...plain, end: tag.end + 8}
    case 2: {
      const length = readVarint(from, tag.end)
      const end = length === undefined ? 0 : length.end + Number(length.number)
      return length === undefined ? undefined : {...plain, bytes: from.subarray(length.end, end), end}
    }
    case 5:
      return {...plain, end: tag.end + 4}
    default:
      return undefined
  }
}

/** A varint has ten bytes at most. */
const LONGEST = 10

function readVarint(from: Buffer, start: number): {readonly number: bigint; readonly end: number} | undefined {
  let number = 0n
  for (let index = 0; index < LONGEST; index += 1) {
    const byte = from[start + index]
    if (byte === undefined) return undefined
    number |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return {number, end: start + index + 1}
  }
  return undefined
}
