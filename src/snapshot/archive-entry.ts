import {InputError} from '../flow/errors.js'

/** One member of an archive, in the order in which it stands there. */
export interface ArchiveEntry {
  /** As the archive says it: not to be trusted. */
  readonly name: string
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  /** What it takes in the archive; absent where the archive is packed as a whole. */
  readonly packed?: number
  /** To be read before the next entry is asked for; what is left is passed over. */
  readonly bytes: AsyncIterable<Uint8Array>
}

/** What is wrong with an archive, or with one entry of it. */
export function archiveError(file: string, problem: {readonly what: string; readonly entry?: string; readonly got?: string}): InputError {
  const {what, entry, got} = problem
  const found = [...(entry === undefined ? [] : [`entry ${JSON.stringify(entry)}`]), ...(got === undefined ? [] : [got])].join(': ')
  return new InputError({
    what,
    file,
    ...(found === '' ? {} : {got: found}),
    help: 'Unpack it with a tool you trust, look at it, and give the directory.',
  })
}
