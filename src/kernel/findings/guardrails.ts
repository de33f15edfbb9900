import type {NetworkNamespace} from '../config/namespace.js'
import type {PacketRule} from '../config/packet-rules.js'
import {finding, type CaptureFinding} from './finding.js'

/** istio-cni in reconcile mode drops everything while it replaces rules; a restart in between leaves that behind. */
export function guardrails({name, packetRules}: NetworkNamespace): readonly CaptureFinding[] {
  return ([4, 6] as const).flatMap((family) => {
    const tables = packetRules[family].tables.filter((table) => table.name === 'filter')
    const rules = tables.flatMap(({chains}) => ['INPUT', 'OUTPUT'].flatMap((hook) => chains.get(hook)?.rules ?? []))
    const dropping = rules.filter(dropsAllTcp)
    const what = `IPv${family}: all TCP is dropped, which istio-cni does only while it replaces rules`
    return dropping.length === 0 ? [] : [finding(name, {kind: 'left-over', what, evidence: dropping.flatMap(({place}) => place ?? [])})]
  })
}

function dropsAllTcp({target, matches}: PacketRule): boolean {
  const [only, ...others] = matches
  return target.kind === 'drop' && others.length === 0 && only?.kind === 'protocol' && !only.negated && only.protocol === 'tcp'
}
