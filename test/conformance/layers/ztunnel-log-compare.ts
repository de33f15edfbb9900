import {isDeepStrictEqual} from 'node:util'
import {logPredicted, type Comparison, type LogObserved} from './ztunnel-case.js'

const FIELDS = [
  'direction',
  'src.workload',
  'src.namespace',
  'src.identity',
  'dst.hbone_addr',
  'dst.service',
  'dst.workload',
  'dst.namespace',
  'dst.identity',
  'error',
] as const

/** The same lines on both sides, as far as the compared fields go. */
export function compareLogs(predicted: unknown, recorded: LogObserved): Comparison {
  const prediction = logPredicted.safeParse(predicted)
  if (!prediction.success) return {ok: false, why: JSON.stringify(predicted)}
  const mine = [prediction.data.srcLog, prediction.data.dstLog].map((lines) =>
    lines.map((line) => keyOf((field) => line[field])).toSorted(),
  )
  const theirs = [recorded.srcLogLines, recorded.dstLogLines].map((lines) =>
    lines.map((line) => keyOf((field) => printed(line, field))).toSorted(),
  )
  return isDeepStrictEqual(mine, theirs)
    ? {ok: true}
    : {ok: false, why: `predicted ${JSON.stringify(mine)}, observed ${JSON.stringify(theirs)}`}
}

function keyOf(value: (field: (typeof FIELDS)[number]) => string | undefined): string {
  return FIELDS.flatMap((field) => {
    const text = value(field)
    return text === undefined ? [] : [`${field}=${text}`]
  }).join(' ')
}

/** `key=value` or `key="quoted value"`, as ztunnel prints it. */
function printed(line: string, field: string): string | undefined {
  const at = line.search(new RegExp(`[\\s]${field.replaceAll('.', '[.]')}=`))
  if (at < 0) return undefined
  const rest = line.slice(at + field.length + 2)
  const quoted = /^"(?:[^"\\]|\\.)*"/.exec(rest)?.[0]
  if (quoted === undefined) return /^\S*/.exec(rest)?.[0]
  const text: unknown = JSON.parse(quoted)
  return typeof text === 'string' ? text : undefined
}
