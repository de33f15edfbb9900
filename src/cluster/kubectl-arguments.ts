import {UsageError} from '../flow/errors.js'

/** How to reach the cluster, passed through to kubectl. */
export interface ClusterAccess {
  readonly context?: string | undefined
  readonly kubeconfig?: string | undefined
  readonly namespace?: string | undefined
}

/** Flags for every kubectl call. Values are glued to their flag, so that none can be read as a flag of its own. */
export function accessArguments({context, kubeconfig, namespace}: ClusterAccess): string[] {
  return [
    ...(context === undefined ? [] : [`--context=${checkValue(context, '--context')}`]),
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${checkValue(kubeconfig, '--kubeconfig')}`]),
    ...(namespace === undefined ? [] : [`--namespace=${checkLabel(namespace, '--namespace')}`]),
  ]
}

/** Reads `POD` or `NAMESPACE/POD`. @throws UsageError when a name is none Kubernetes allows, or namespaces differ. */
export function parsePod(text: string, namespace: string | undefined): {readonly pod: string; readonly namespace: string | undefined} {
  const parts = text.split('/')
  const [first = '', second] = parts
  if (parts.length > 2) throw new UsageError({what: 'The pod cannot be read.', expected: 'POD or NAMESPACE/POD', got: text})
  const own = second === undefined ? undefined : checkLabel(first, 'the namespace')
  if (own !== undefined && namespace !== undefined && own !== namespace) {
    throw new UsageError({what: 'Two namespaces are given.', expected: 'one of them', got: `${own} and ${namespace}`})
  }
  return {
    pod: checkName(second ?? first, 'the pod'),
    namespace: own ?? (namespace === undefined ? undefined : checkLabel(namespace, '--namespace')),
  }
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const MAX_NAME = 253

/** A DNS-1123 label: namespaces and containers. */
export function checkLabel(text: string, where: string): string {
  if (!LABEL.test(text)) throw notAName(text, {where, expected: 'a DNS-1123 label, for example istio-system'})
  return text
}

/** A DNS-1123 subdomain: pods. Unlike a label, its parts may be longer than 63 characters. */
function checkName(text: string, where: string): string {
  if (text.length > MAX_NAME || !NAME.test(text)) throw notAName(text, {where, expected: 'a DNS-1123 name, for example ztunnel-hptxk'})
  return text
}

function checkValue(text: string, where: string): string {
  if (text === '' || text.startsWith('-') || /\p{Cc}/u.test(text)) {
    throw new UsageError({
      what: 'The value of a flag cannot be used.',
      where,
      expected: 'a value that does not begin with a dash',
      got: text,
    })
  }
  return text
}

function notAName(got: string, {where, expected}: {where: string; expected: string}): UsageError {
  return new UsageError({what: 'The name is none that Kubernetes allows.', where, expected, got})
}
