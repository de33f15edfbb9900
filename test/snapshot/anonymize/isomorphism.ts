import type {Mesh} from '../../../src/app/mesh.js'
import {openSources} from '../../../src/app/open.js'
import {traceQuestion} from '../../../src/app/trace.js'
import type {Check} from '../../../src/audit/check-file.js'
import {formatShare} from '../../../src/flow/share.js'
import type {Trace} from '../../../src/flow/trace.js'
import {surveyOutside, type OutsideNode} from '../../../src/render/outside.js'
import type {SnapshotSources} from '../../../src/snapshot/snapshot.js'
import type {Names} from './anonymized.js'

/** The question with the names that the anonymized snapshot has. */
export function hidden(check: Check, {hide}: Names): Check {
  const {source, destination, headers, path, host, sni} = check.question
  const {namespace} = check.sources
  const question = {
    ...check.question,
    source: hide(source),
    destination: hide(destination),
    ...(headers === undefined ? {} : {headers: headers.map(([name, value]): [string, string] => [hide(name), hide(value)])}),
    ...(path === undefined ? {} : {path: hide(path)}),
    ...(host === undefined ? {} : {host: hide(host)}),
    ...(sni === undefined ? {} : {sni: hide(sni)}),
  }
  return {...check, question, sources: {...check.sources, ...(namespace === undefined ? {} : {namespace: hide(namespace)})}}
}

export async function answer(sources: SnapshotSources, check: Check): Promise<Trace> {
  const [trace] = await answers(sources, [check])
  if (trace === undefined) throw new Error('a question without an answer')
  return trace
}

/** The answers to several questions; the sources are opened once per version of Envoy that is assumed. */
export async function answers(sources: SnapshotSources, checks: readonly Check[]): Promise<readonly Trace[]> {
  const meshes = new Map<string, Mesh>()
  try {
    const traces: Trace[] = []
    for (const {question, sources: asked} of checks) {
      const {namespace, envoyVersion} = asked
      const version = JSON.stringify(envoyVersion ?? null)
      const mesh = meshes.get(version) ?? (await openSources(sources, envoyVersion === undefined ? {} : {envoyVersion}))
      meshes.set(version, mesh)
      traces.push(await traceQuestion(mesh, {question, namespace}))
    }
    return traces
  } finally {
    for (const {snapshot} of meshes.values()) snapshot.close()
  }
}

/** Of a headless service the first address is named, in an order of addresses; the branches tell all. */
const DIALLED = /^(from .* to \S+) \S+:(?=\d+ )/

/** The minimal form as a tree: branches have no order there that does not come from names. */
export function shape(trace: Trace, reveal: (text: string) => string = (text) => text): string {
  const nodes = new Map<string, string>()
  const textOf = (node: OutsideNode): string => {
    const known = nodes.get(node.digest)
    if (known !== undefined) return known
    const branches = node.branches.map(
      ({share, requires, mirror, to}) => `${formatShare(share)} ${String(mirror)} ${requires.map(reveal).join()} ${textOf(to)}`,
    )
    const line = branches.length > 1 ? reveal(node.line).replace(DIALLED, '$1 one of several:') : reveal(node.line)
    const text = JSON.stringify([line, reveal(node.end ?? ''), branches.toSorted()], null, 1).replaceAll(String.raw`\n`, '\n')
    nodes.set(node.digest, text)
    return text
  }
  // Of outcomes that are equally bad the first one is the verdict, in an order of names.
  const verdicts = Object.values(trace.outcomes).map(({verdict, share}) => `${formatShare(share)} ${verdict.kind}`)
  return `${verdicts.toSorted().join()} ${textOf(surveyOutside(trace))}`
}
