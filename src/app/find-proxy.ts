import type {EnvoyConfig} from '../envoy/config/model.js'
import {InputError, UsageError} from '../flow/errors.js'
import {similarNames} from '../mesh/similar-names.js'
import type {ProxyDump} from '../snapshot/snapshot.js'
import type {Mesh} from './mesh.js'

export interface FoundProxy {
  readonly dump: ProxyDump
  readonly config: EnvoyConfig
}

/**
 * The dump of a name: its pod, `namespace/pod`, or file; a beginning that only one proxy has is enough.
 * @throws UsageError when no proxy, or more than one, is called so.
 */
export function findDump(mesh: Mesh, name: string): ProxyDump {
  return chooseDump(mesh.shelf.dumps, name)
}

/**
 * The Envoy of a name: its pod, `namespace/pod`, or file; a beginning that only one proxy has is enough.
 * @throws UsageError when no proxy, or more than one, is called so.
 * @throws InputError when its dump cannot be used.
 */
export async function findProxy(mesh: Mesh, name: string): Promise<FoundProxy> {
  const dump = findDump(mesh, name)
  const shelved = await mesh.shelf.read(dump)
  if (shelved.kind === 'envoy') return {dump, config: shelved.config}
  throw new InputError({
    what: `The dump of ${displayName(dump)} cannot be walked.`,
    file: dump.file,
    got: shelved.kind === 'unknown' ? shelved.missing.what : 'a Rust ztunnel',
  })
}

function chooseDump(dumps: readonly ProxyDump[], name: string): ProxyDump {
  const tests: readonly ((dump: ProxyDump) => boolean)[] = [
    (dump) => dump.name === name || displayName(dump) === name || dump.file === name,
    (dump) => dump.name.startsWith(name) || displayName(dump).startsWith(name),
  ]
  for (const test of tests) {
    const fitting = dumps.filter(test)
    const [only] = fitting
    if (only !== undefined && fitting.length === 1) return only
    if (only !== undefined) {
      throw new UsageError({what: `"${name}" is ambiguous.`, help: `Say one of: ${fitting.map(displayName).join(', ')}.`})
    }
  }
  const suggestions = similarNames(
    name,
    dumps.map(({name: known}) => known),
  )
  const known = suggestions.length > 0 ? suggestions : dumps.map(displayName)
  throw new UsageError({what: `No proxy is called "${name}".`, help: `Known proxies: ${known.join(', ')}.`})
}

function displayName({namespace, name}: ProxyDump): string {
  return namespace === undefined ? name : `${namespace}/${name}`
}
