import type {MarkMask} from './source-text.js'

/** Bits that DSCP names: all of the byte but those for congestion. */
const DSCP_BITS = 0xfc

/** Source: symbol table of dscp_type (nft), dscp_helper.c (iptables). */
const CLASSES: ReadonlyMap<string, number> = new Map([
  ...Array.from({length: 8}, (_, index): readonly [string, number] => [`cs${index}`, index * 8]),
  ...[1, 2, 3, 4].flatMap((one) => [1, 2, 3].map((drop): readonly [string, number] => [`af${one}${drop}`, one * 8 + drop * 2])),
  ['be', 0],
  ['df', 0],
  ['ef', 46],
  ['va', 44],
  ['lephb', 1],
])

/** `0x2e`, `cs1`, `af21`: a byte and the bits of it that count. Undefined: it is neither. */
export function dscpValue(text: string): MarkMask | undefined {
  const code = CLASSES.get(text.toLowerCase()) ?? (/^(0x[0-9a-f]{1,2}|\d{1,2})$/i.test(text) ? Number(text) : undefined)
  return code === undefined || code > 63 ? undefined : {value: code << 2, mask: DSCP_BITS}
}

/** `0x10/0x3f`, `0x10`, as `--tos` and `--set-tos` have it. */
export function tosValue(text: string): MarkMask | undefined {
  const [, value, mask = '0xff'] = /^(0x[0-9a-f]{1,2}|\d{1,3})(?:\/(0x[0-9a-f]{1,2}|\d{1,3}))?$/i.exec(text) ?? []
  return value === undefined ? undefined : {value: Number(value), mask: Number(mask)}
}
