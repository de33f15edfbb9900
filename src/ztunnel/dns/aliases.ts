/** One spelling under which a name may be known. */
export interface Alias {
  readonly name: string
  /** Set when a search domain was taken off: the answer then starts with a CNAME to this name. */
  readonly stripped?: string
}

export interface NameQuestion {
  /** Lower case, without the final dot. */
  readonly name: string
  readonly namespace: string
  readonly clusterDomain: string
}

/** The name itself, its Kubernetes expansions, and the same without each search domain (ambient-ga B.8). */
export function aliasesOf(question: NameQuestion): readonly Alias[] {
  const {name, namespace, clusterDomain} = question
  const whole: readonly Alias[] = [name, ...expansions(question, name)].map((one) => ({name: one}))
  const searched = [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain].flatMap((domain) => {
    const stripped = trimDomain(name, domain)
    return stripped === undefined ? [] : [stripped, ...expansions(question, stripped)].map((one) => ({name: one, stripped}))
  })
  const byName = new Map<string, Alias>()
  for (const alias of [...whole, ...searched]) if (!byName.has(alias.name)) byName.set(alias.name, alias)
  return [...byName.values()]
}

/** The alias, then wildcards of decreasing length: `*.example.com`, `*.com`. */
export function wildcardsOf(name: string): readonly string[] {
  const labels = name.split('.')
  return [name, ...labels.slice(1).map((_, index) => ['*', ...labels.slice(index + 1)].join('.'))]
}

/** `service`, `service.namespace` and `service.namespace.svc` are short forms of a service's full name. */
function expansions({namespace, clusterDomain}: NameQuestion, name: string): readonly string[] {
  const labels = name.split('.')
  if (labels.length === 1) return [`${name}.${namespace}.svc.${clusterDomain}`]
  if (labels.length === 2) return [`${name}.svc.${clusterDomain}`]
  return labels.length === 3 && labels[2] === 'svc' ? [`${name}.${clusterDomain}`] : []
}

function trimDomain(name: string, domain: string): string | undefined {
  return name.length > domain.length + 1 && name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : undefined
}
