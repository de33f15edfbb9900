import {UsageError} from '../flow/errors.js'
import type {Resolution} from '../mesh/resolution.js'

/** What to type instead. */
export function unresolved(resolution: Exclude<Resolution<unknown>, {kind: 'found'}>): UsageError {
  if (resolution.kind === 'ambiguous') {
    return new UsageError({what: `"${resolution.text}" is ambiguous.`, help: `Say one of: ${resolution.candidates.join(', ')}.`})
  }
  const {text, why, suggestions} = resolution
  return new UsageError({
    what: `"${text}" cannot be resolved: ${why}.`,
    help: suggestions.length === 0 ? undefined : `Did you mean ${suggestions.join(', ')}?`,
  })
}
