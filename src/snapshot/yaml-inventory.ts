import {InputError} from '../flow/errors.js'
import {isObject} from '../json/view.js'

/** What `kubectl get … -o yaml` prints of a large cluster is below this; more would take minutes to read. */
const MAX_YAML_BYTES = 64 * 1024 * 1024
const MAX_ALIASES = 100

/**
 * Kubernetes objects in YAML, as the JSON List that all readers know. A lone object becomes a List of one.
 * @throws InputError when it is too large or no YAML.
 */
export async function* yamlAsJson(source: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array, void, undefined> {
  const {parseAllDocuments} = await import('yaml')
  const text = await readText(source, file)
  const documents = parseAllDocuments(text, {logLevel: 'error', schema: 'core'})
  const items: unknown[] = []
  for (const document of 'empty' in documents ? [] : documents) {
    const [problem] = document.errors
    if (problem !== undefined) throw new InputError({what: 'The inventory is no YAML.', file, got: problem.message})
    const value: unknown = document.toJS({maxAliasCount: MAX_ALIASES})
    items.push(...itemsOf(value))
  }
  yield Buffer.from(JSON.stringify({apiVersion: 'v1', kind: 'List', items}))
}

/** What a file is called whose YAML was written as JSON. */
export function jsonName(name: string): string {
  return `${name.replace(/\.ya?ml$/, '')}.json`
}

/** Items of a PodList have no kind of their own: that of the list tells it. */
function itemsOf(value: unknown): readonly unknown[] {
  if (!isObject(value)) return []
  const {items, kind, apiVersion} = value
  if (!Array.isArray(items)) return [value]
  const own = typeof kind === 'string' && kind !== 'List' ? {apiVersion, kind: kind.replace(/List$/, '')} : {}
  return items.map((item: unknown) => (isObject(item) ? {...own, ...item} : item))
}

async function readText(source: AsyncIterable<Uint8Array>, file: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.length
    if (bytes > MAX_YAML_BYTES) throw tooLarge(file)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(file: string): InputError {
  return new InputError({what: 'The inventory is too large.', file, expected: `at most ${MAX_YAML_BYTES} bytes of YAML`})
}
