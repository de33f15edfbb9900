import {allOf, tri, type Tri} from '../../flow/tri.js'
import type {StringMap} from '../../flow/inventory.js'
import type {HopPod, LabelSelector, Requirement} from './model.js'
import type {SelectorSpec} from './schema.js'

/** A selector as requirements; without one, nothing is required. */
export function selectorOf(selector: SelectorSpec | null | undefined): LabelSelector {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({key, operator: 'In' as const, values: [value]}))
  return [...labels, ...(selector?.matchExpressions ?? []).map(({key, operator, values}) => ({key, operator, values: values ?? []}))]
}

/** Whether labels fulfil a selector. NotIn and DoesNotExist also hold for labels that are not there (LabelSelectorRequirement). */
export function selects(selector: LabelSelector, labels: StringMap): boolean {
  return selector.every((requirement) => holds(requirement, labels))
}

function holds({key, operator, values}: Requirement, labels: StringMap): boolean {
  const value = labels.get(key)
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return operator satisfies never
  }
}

/** Every namespace has its own name as a label; what else it has may not be known. */
const NAME_LABEL = 'kubernetes.io/metadata.name'

export function selectsNamespace(selector: LabelSelector, {namespace, namespaceLabels}: HopPod): Tri {
  const name = new Map([[NAME_LABEL, namespace]])
  const known = new Map([...(namespaceLabels ?? []), ...name])
  return allOf(
    selector.map((requirement) => {
      const isKnown = namespaceLabels !== undefined || requirement.key === NAME_LABEL
      return isKnown ? tri(holds(requirement, known)) : 'undetermined'
    }),
  )
}
