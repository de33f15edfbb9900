import {createHash} from 'node:crypto'
import {mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir, userInfo} from 'node:os'
import {join} from 'node:path'
import {accessArguments, type ClusterAccess} from './kubectl-arguments.js'
import {streamKubectl} from './kubectl.js'

/** What completion offers: `namespace/pod`, or `service.namespace:port`. */
export type NameKind = 'pods' | 'services'

const PATTERNS: Readonly<Record<NameKind, string>> = {
  pods: '{range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}',
  services: '{range .items[*]}{.metadata.name}.{.metadata.namespace}{range .spec.ports[*]}{" "}{.port}{end}{"\\n"}{end}',
}

/** Whoever presses a key waits no longer. */
const TIMEOUT_MS = 3000
/** So long a list is taken as it was: keys come quickly one after the other. */
const FRESH_MS = 30_000

/** Names in the cluster; none when it cannot be asked, because nobody wants to read errors between keys. */
export async function knownNames(kind: NameKind, access: ClusterAccess): Promise<readonly string[]> {
  try {
    const args = [
      ...accessArguments({...access, namespace: undefined}),
      'get',
      kind,
      '--all-namespaces',
      `--output=jsonpath=${PATTERNS[kind]}`,
    ]
    const lines = (await cached(args, () => ask(args, kind))).split('\n').filter((line) => line !== '')
    return kind === 'pods' ? lines : lines.flatMap(withPorts)
  } catch {
    return []
  }
}

function withPorts(line: string): readonly string[] {
  const [service = '', ...ports] = line.split(' ')
  return ports.map((port) => `${service}:${port}`)
}

async function ask(args: readonly string[], kind: NameKind): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of streamKubectl({args, timeoutMs: TIMEOUT_MS, about: {target: kind, right: `list ${kind}`}})) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** In a directory that nobody else may write to: what is in it will be printed. */
async function cached(args: readonly string[], fetch: () => Promise<string>): Promise<string> {
  const directory = join(tmpdir(), `ambientctl-names-${userInfo().uid}`)
  const file = join(
    directory,
    createHash('sha256')
      .update(JSON.stringify([args, process.env['KUBECONFIG']]))
      .digest('hex'),
  )
  mkdirSync(directory, {recursive: true, mode: 0o700})
  if (!isMine(directory)) return fetch()
  const stat = statSync(file, {throwIfNoEntry: false})
  if (stat !== undefined && Date.now() - stat.mtimeMs < FRESH_MS) return readFileSync(file, 'utf8')
  const text = await fetch()
  writeFileSync(file, text, {mode: 0o600})
  return text
}

function isMine(directory: string): boolean {
  const {uid, mode} = statSync(directory)
  return uid === userInfo().uid && (mode & 0o022) === 0
}
