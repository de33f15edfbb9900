import type {Family} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {finding, type CaptureFinding} from './finding.js'

const RETURN_MARK = {value: 0x111, mask: 0xfff}

/** ambient-ga E: answers of captured connections carry mark 0x111, and table 100 brings them back to ztunnel. */
export function inPodFindings(pod: NetworkNamespace): readonly CaptureFinding[] {
  const families = ([4, 6] as const).filter((family) =>
    pod.packetRules[family].tables.some(({chains}) => [...chains.keys()].some(isCapture)),
  )
  return families.flatMap((family) => familyFindings(pod, family))
}

function isCapture(chain: string): boolean {
  return /^ISTIO_(OUTPUT|PRERT)$|^istio-(output|prerouting)$/.test(chain)
}

function familyFindings(pod: NetworkNamespace, family: Family): readonly CaptureFinding[] {
  const {rules, routes} = pod.routing[family]
  // A list of rules without a line of its own was not recorded.
  if (rules.every(({place}) => place === undefined)) return []
  const rule = rules.find(({mark}) => mark?.value === RETURN_MARK.value && mark.mask === RETURN_MARK.mask)
  if (rule === undefined) {
    return [finding(pod.name, {kind: 'rule-missing', what: `the IPv${family} rule fwmark 0x111/0xfff lookup 100 is missing`})]
  }
  const table = rule.action.kind === 'lookup' ? rule.action.table : undefined
  const isLocal = routes.some((route) => route.table === table && route.type === 'local' && route.destination.length === 0)
  if (isLocal) return []
  const evidence = rule.place === undefined ? [] : [rule.place]
  return [finding(pod.name, {kind: 'table-broken', what: `IPv${family} table ${table ?? ''} has no local default route`, evidence})]
}
