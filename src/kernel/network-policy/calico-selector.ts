import type {LabelSelector, Requirement} from './model.js'

/**
 * A selector of Calico where it only lists requirements; undefined for what says more (`||`, brackets, sets).
 * Source: docs.tigera.io, selectors of network policies: `!=` and `!has` also hold for labels that are not there.
 */
export function calicoSelector(text: string): LabelSelector | undefined {
  const parts = text.split('&&').map((part) => part.trim())
  const requirements = parts.map(requirementsOf)
  return requirements.every((one) => one !== undefined) ? requirements.flat() : undefined
}

function requirementsOf(text: string): readonly Requirement[] | undefined {
  if (text === '' || text === 'all()') return []
  const requirement = comparison(text) ?? presence(text)
  return requirement === undefined ? undefined : [requirement]
}

function comparison(text: string): Requirement | undefined {
  const [, key, sign, single, double] = /^([\w./-]+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)")$/.exec(text) ?? []
  const value = single ?? double
  if (key === undefined || value === undefined) return undefined
  return {key, operator: sign === '==' ? 'In' : 'NotIn', values: [value]}
}

function presence(text: string): Requirement | undefined {
  const [, not, key] = /^(!?)\s*has\(\s*([\w./-]+)\s*\)$/.exec(text) ?? []
  return key === undefined ? undefined : {key, operator: not === '!' ? 'DoesNotExist' : 'Exists', values: []}
}
