import {existsSync} from 'node:fs'
import {basename, join} from 'node:path'
import {parseIp} from '../../../src/kernel/config/ip.js'
import type {NetworkNamespace} from '../../../src/kernel/config/namespace.js'
import {readNamespace} from '../../../src/kernel/config/read-namespace.js'
import {routeInput} from '../../../src/kernel/route/input.js'
import {routeOutput} from '../../../src/kernel/route/output.js'
import type {RouteAnswer} from '../../../src/kernel/route/route.js'
import {readCases} from '../recorded-cases.js'
import {routeRow, type RouteResult, type RouteRow} from './kernel-case.js'
import {recordedNamespace} from './kernel-files.js'

/** Predictions for all rows of one `route_get*.json`. */
export function* predictRoutes(scenarioDir: string, file: string): Iterable<{readonly id: string; readonly predicted: unknown}> {
  const namespaces = new Map<string, NetworkNamespace>()
  for (const one of readCases(join(scenarioDir, file))) {
    const row = routeRow.parse(one)
    const namespace = namespaces.get(row.netns) ?? openNamespace(scenarioDir, row.netns)
    namespaces.set(row.netns, namespace)
    yield {id: `${basename(file, '.json')}#${row.id}`, predicted: predictRoute(namespace, row)}
  }
}

function openNamespace(scenarioDir: string, netns: string): NetworkNamespace {
  const folder = netns === 'ztunnel' ? 'ztunnel' : netns.startsWith('pod-') ? 'pod' : 'node'
  const dir = existsSync(join(scenarioDir, folder)) ? join(scenarioDir, folder) : scenarioDir
  return readNamespace({name: netns, files: recordedNamespace(dir)})
}

function predictRoute(namespace: NetworkNamespace, row: RouteRow): RouteResult | {undetermined: string} {
  const answer = answerRow(namespace, row)
  if (answer === undefined) return {undetermined: 'the addresses cannot be read'}
  return answer.kind === 'undetermined' ? {undetermined: answer.why} : resultOf(answer, row)
}

function answerRow(namespace: NetworkNamespace, row: RouteRow): RouteAnswer | undefined {
  const [destination, source] = [parseIp(row.dst), parseIp(row.src ?? '')]
  if (destination === undefined) return undefined
  const mark = Number(row.mark)
  if (typeof row.iif === 'string') return source && routeInput(namespace, {destination, source, mark, device: row.iif})
  return routeOutput(namespace, {destination, mark, ...(source === undefined ? {} : {source})})
}

function resultOf(answer: Exclude<RouteAnswer, {kind: 'undetermined'}>, row: RouteRow): RouteResult {
  const tables = (answer.policy?.lookups ?? []).flatMap(({table}) => (table === undefined ? [] : [numeric(table)]))
  const tried = row.dst.includes(':') ? asTraced(tables) : tables
  const last = tried.at(-1)
  return {
    ...(answer.kind === 'route'
      ? {type: answer.type, dev: answer.device, via: answer.via ?? null, prefsrc: printedSource(answer, row) ?? null}
      : {}),
    table_answering: last ?? null,
    tables_tried: tried,
  }
}

/** `ip route get` prints a source where it chose one; `ip -6 route get` for everything that is sent. */
function printedSource({source}: {readonly source?: string}, {iif, src, dst}: RouteRow): string | undefined {
  const isSent = typeof iif !== 'string'
  return isSent && (dst.includes(':') || typeof src !== 'string') ? source : undefined
}

/**
 * The IPv6 tracepoint reports a table without a route as EHOSTUNREACH instead of EAGAIN. The recorder takes the first error for
 * the final answer: its list ends after the first table.
 */
function asTraced<Table>(tables: readonly Table[]): Table[] {
  return tables.slice(0, 1)
}

function numeric(table: string): string | number {
  return /^\d+$/.test(table) ? Number(table) : table
}
