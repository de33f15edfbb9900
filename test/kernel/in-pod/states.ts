import type {NetworkNamespace} from '../../../src/kernel/config/namespace.js'
import {findCaptureProblems} from '../../../src/kernel/findings/find.js'
import type {CaptureFinding, PodWishes} from '../../../src/kernel/findings/finding.js'
import {recordedNamespaces} from '../capture-states.js'
import {saveText, type TableRule} from './rule-sets.js'

export const POD = 'bookinfo/reviews-v1'
const FOLDER = 'bookinfo/reviews-v1/'
export const NO_WISHES: PodWishes = {bypassesInbound: false, virtualDevices: []}

/** Texts of files of the pod (`pod:`) or the node (`node:`) that take the place of recorded ones. */
export type Edits = Readonly<Record<string, string | ((text: string) => string)>>

/** The recorded node and pod of `in-pod` with other rules inside the pod, in the one family or in both. */
export function withRules(rules: Partial<Record<4 | 6, readonly TableRule[]>>, edits: Edits = {}): readonly NetworkNamespace[] {
  return edited({
    ...(rules[4] === undefined ? {} : {'pod:iptables-save': saveText(rules[4])}),
    ...(rules[6] === undefined ? {} : {'pod:ip6tables-save': saveText(rules[6])}),
    ...edits,
  })
}

export function edited(edits: Edits, state = 'in-pod'): readonly NetworkNamespace[] {
  return recordedNamespaces(state, (path, text) => {
    const key = path.startsWith(FOLDER) ? `pod:${path.slice(FOLDER.length)}` : `node:${path.slice(path.lastIndexOf('/') + 1)}`
    const edit = edits[key]
    return edit === undefined ? text : typeof edit === 'string' ? edit : edit(text)
  })
}

/** What is found with the pod enrolled. */
export function found(namespaces: readonly NetworkNamespace[], wishes: PodWishes | undefined = NO_WISHES): readonly CaptureFinding[] {
  const node = namespaces.find(({name}) => !name.includes('/'))
  if (node === undefined) throw new Error('no node')
  const enrolled = [{name: POD, ips: ['10.244.3.7', 'fd00:10:244:3::7'], wishes}]
  return findCaptureProblems({node, pods: namespaces.filter((one) => one !== node), enrolled})
}

export function linesOf(findings: readonly CaptureFinding[]): readonly string[] {
  return findings.map(({kind, what, evidence}) => `${kind}: ${what}${evidence.map(({file, line}) => ` (${file}:${line})`).join('')}`)
}
