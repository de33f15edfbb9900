import {LineCounter, parseAllDocuments, type Range} from 'yaml'
import {InputError} from '../flow/errors.js'
import type {NetworkPolicy} from '../kernel/network-policy/model.js'
import {readNetworkPolicies, type PolicyDocument} from '../kernel/network-policy/read.js'
import {readTextFile} from '../snapshot/text-file.js'

/**
 * NetworkPolicies of a YAML or JSON file: one or several documents, or Lists.
 * @throws InputError with file and line of what is no YAML, or no NetworkPolicy
 */
async function readPolicyFile(file: string): Promise<readonly NetworkPolicy[]> {
  return readNetworkPolicies(documentsOf(await readTextFile(file), file))
}

/** The policies of a file as an option; nothing where no file was given. */
export async function policiesFrom(file: string | undefined): Promise<{readonly policies?: readonly NetworkPolicy[]}> {
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
    const value: unknown = document.toJS({maxAliasCount: MAX_ALIASES})
    return {value, place: {file, line: lines.linePos(startOf(document.contents?.range)).line}}
  })
}

function startOf(range: Range | null | undefined): number {
  return range?.[0] ?? 0
}

/** A file of aliases upon aliases would otherwise grow without end. */
const MAX_ALIASES = 100
