import {isNode, LineCounter, parseAllDocuments, type Document} from 'yaml'
import {z} from 'zod'
import {InputError} from '../flow/errors.js'
import type {Policy} from '../kernel/network-policy/model.js'
import {readNetworkPolicies, type PolicyDocument} from '../kernel/network-policy/read.js'
import {readTextFile} from '../snapshot/text-file.js'

/**
 * NetworkPolicies of a YAML or JSON file: one or several documents, or Lists. Without one in it, the wrong file was given; a List may
 * be empty.
 * @throws InputError with file and line of what is no YAML, or no NetworkPolicy
 */
async function readPolicyFile(file: string): Promise<readonly Policy[]> {
  const documents = documentsOf(await readTextFile(file), file)
  const policies = readNetworkPolicies(documents)
  if (policies.length === 0 && !documents.some(({value}) => isEmptyList(value))) throw noPolicy(file, documents)
  return policies
}

const emptyList = z.looseObject({kind: z.enum(['List', 'NetworkPolicyList']), items: z.array(z.unknown()).max(0)})
const kinds = z.looseObject({kind: z.string()})

function isEmptyList(value: unknown): boolean {
  return emptyList.safeParse(value).success
}

function noPolicy(file: string, documents: readonly PolicyDocument[]): InputError {
  const found = documents.flatMap(({value}) => kinds.safeParse(value).data?.kind ?? [])
  return new InputError({
    what: 'The file holds no NetworkPolicy.',
    file,
    expected: 'documents of kind NetworkPolicy, or a List of them',
    got: found.length === 0 ? 'nothing of a kind' : [...new Set(found)].join(', '),
  })
}

/** The policies of a file as an option; nothing where no file was given. */
export async function policiesFrom(file: string | undefined): Promise<{readonly policies?: readonly Policy[]}> {
  return file === undefined ? {} : {policies: await readPolicyFile(file)}
}

function documentsOf(text: string, file: string): readonly PolicyDocument[] {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {lineCounter: lines, logLevel: 'error'})
  if (!Array.isArray(documents)) return []
  return documents.map((document): PolicyDocument => {
    const [problem] = document.errors
    if (problem !== undefined) {
      throw new InputError({
        what: 'The file is no YAML.',
        file,
        line: lines.linePos(problem.pos[0]).line,
        got: problem.message.split('\n')[0],
      })
    }
    const value = valueOf(document, file)
    const lineOf = (path: readonly PropertyKey[]): number => lines.linePos(startOf(document, path)).line
    return {value, place: {file, line: lineOf([])}, lineOf}
  })
}

function valueOf(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({maxAliasCount: MAX_ALIASES})
  } catch (thrown) {
    if (!(thrown instanceof ReferenceError)) throw thrown
    throw new InputError({what: 'The file refers to itself too often.', file, got: thrown.message, cause: thrown})
  }
}

/** Of what the path leads to, or of what is nearest above it. */
function startOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  const found: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
  if (isNode(found) && found.range) return found.range[0]
  return path.length === 0 ? 0 : startOf(document, path.slice(0, -1))
}

/** A file of aliases upon aliases would otherwise grow without end. */
const MAX_ALIASES = 100
