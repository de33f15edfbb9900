/** A rule with a verdict map says one thing per element: each becomes a rule of its own, at the same place. */
export function expandedRules(text: string, maps: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const [, before = '', key = '', inline, name = ''] = VERDICT_MAP.exec(text) ?? []
  const elements = inline === undefined ? maps.get(name) : nftItems(inline)
  if (key === '' || elements === undefined) return [text]
  const rules = mappedRules(key, elements)
  return rules.every((rule) => rule !== undefined) ? rules.map((rule) => `${before} ${textOf(rule)}`.trim()) : [text]
}

function mappedRules(key: string, elements: readonly string[]): readonly (MappedRule | undefined)[] {
  const rules = elements.map((element) => ruleOf(element, key))
  const random = /^numgen random mod (\d+)$/.exec(key)?.[1]
  return random === undefined ? rules : drawn(rules, Number(random))
}

/** `ip daddr . meta l4proto . th dport vmap @service-ips`, as kube-proxy has it, with a map of its own or a named one. */
const KEY_PART = String.raw`(?:ip6? [sd]addr|meta (?:l4proto|mark|nfproto)|(?:th|tcp|udp) [sd]port|[io]ifname|ct (?:state|direction|mark)|numgen random mod \d+)`
const VERDICT_MAP = new RegExp(`^(.*?)((?:${KEY_PART})(?: \\. ${KEY_PART})*) vmap (?:\\{([^}]*)\\}|@(\\S+))$`)

interface MappedRule {
  readonly key: string
  readonly conditions: string
  readonly verdict: string
}

/** `10.96.0.10 . tcp . 53 comment "dns" : goto service-…`. Undefined: it says something else. */
function ruleOf(element: string, key: string): MappedRule | undefined {
  const [, value = '', verdict = ''] = ELEMENT.exec(element) ?? []
  const [parts, values] = [key.split(' . '), value.split(' . ')]
  if (verdict === '' || parts.length !== values.length) return undefined
  return {key: value, conditions: parts.map((part, at) => `${part} ${values[at] ?? ''}`).join(' '), verdict}
}

const ELEMENT = /^(.*?)(?: (?:comment "[^"]*"|counter(?: packets \d+ bytes \d+)?))* : ((?:accept|drop|return|continue)|(?:jump|goto) \S+)$/

/** kube-proxy draws one of n endpoints: the first with 1/n, the second, of what is left, with 1/(n-1). */
function drawn(rules: readonly (MappedRule | undefined)[], count: number): readonly (MappedRule | undefined)[] {
  const keys = rules.map((rule) => Number(rule?.key))
  if (rules.length !== count || keys.some((key, at) => key !== at)) return [undefined]
  return rules.map(
    (rule, at) => rule && {...rule, conditions: at === count - 1 ? '' : `meta random & 2147483647 < ${drawLimit(count - at)}`},
  )
}

function drawLimit(left: number): number {
  return Math.round(2 ** 31 / left)
}

function textOf({conditions, verdict}: MappedRule): string {
  return `${conditions} ${verdict === 'continue' ? '' : verdict}`.trim()
}

/** Up to the next comma that no quotes hold. */
export function nftItems(text: string): readonly string[] {
  return (text.match(/(?:[^,"]|"[^"]*")+/g) ?? []).map((item) => item.trim()).filter((item) => item !== '')
}
