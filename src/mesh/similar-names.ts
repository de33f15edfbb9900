import {distance} from 'fastest-levenshtein'
import {compareText} from '../flow/compare-text.js'

const MAX_SUGGESTIONS = 3
/** Beyond this a name is another name, not a typing slip. */
const MAX_DISTANCE = 3

/** The known names that a typing slip away from `text`, closest first. */
export function similarNames(text: string, known: Iterable<string>): readonly string[] {
  const rated = [...new Set(known)].map((name) => ({name, apart: name.startsWith(text) && text !== '' ? 0 : distance(text, name)}))
  return rated
    .filter(({apart}) => apart <= Math.min(MAX_DISTANCE, text.length / 2))
    .toSorted((a, b) => a.apart - b.apart || compareText(a.name, b.name))
    .slice(0, MAX_SUGGESTIONS)
    .map(({name}) => name)
}
