import {parsePrefix, rangeBlocks, type Family, type Prefix} from './ip.js'
import type {PortRange} from './model.js'

/** `80`, `1000:2000`, `:1023`, `80,443,8000:8080`; services are printed as numbers. */
export function portRanges(value: string): readonly PortRange[] | undefined {
  const ranges = value.split(',').map((part) => {
    const match = /^(\d{0,5})(?:(:)(\d{0,5}))?$/.exec(part)
    if (match === null || part === '') return undefined
    const from = match[1] === '' ? 0 : Number(match[1])
    return {from, to: match[2] === undefined ? from : match[3] === '' ? 65_535 : Number(match[3])}
  })
  return ranges.every((range): range is PortRange => range !== undefined) ? ranges : undefined
}

/** `10.0.0.0/8,192.0.2.1,10.0.0.1-10.0.0.9`. Undefined: one of them is no block of addresses. */
export function prefixList(value: string, family: Family): readonly Prefix[] | undefined {
  const blocks = value.split(',').map((text) => blocksOf(text.trim(), family))
  return blocks.every((block): block is readonly Prefix[] => block !== undefined) ? blocks.flat() : undefined
}

function blocksOf(text: string, family: Family): readonly Prefix[] | undefined {
  const [first = '', last, ...rest] = text.split('-')
  if (last !== undefined) return rest.length > 0 ? undefined : rangeBlocks(first, last)
  const prefix = parsePrefix(text, family)
  return prefix === undefined ? undefined : [prefix]
}
