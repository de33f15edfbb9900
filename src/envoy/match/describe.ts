import type {View} from '../../json/view.js'

const STRING_FIELDS = ['exact', 'prefix', 'suffix', 'contains'] as const
const HEADER_FIELDS = ['exact_match', 'prefix_match', 'suffix_match', 'contains_match'] as const

/** A StringMatcher in a few words: `prefix "/api"`. */
export function describeString(matcher: View | undefined): string {
  if (matcher === undefined) return 'any value'
  const regex = matcher.path('safe_regex')?.str('regex')
  const field = STRING_FIELDS.find((name) => matcher.str(name) !== undefined)
  const words =
    regex !== undefined ? `regex ${quote(regex)}` : field === undefined ? 'a custom matcher' : `${field} ${quote(matcher.str(field))}`
  return matcher.bool('ignore_case') === true ? `${words} (ignoring case)` : words
}

/** A HeaderMatcher in a few words: `header x-a not exact "one"`. */
export function describeHeader(matcher: View): string {
  const inverted = matcher.bool('invert_match') === true ? 'not ' : ''
  return `header ${matcher.str('name') ?? ''} ${inverted}${describeSpecifier(matcher)}`
}

function describeSpecifier(matcher: View): string {
  const text = matcher.get('string_match')
  if (text !== undefined) return describeString(text)
  const field = HEADER_FIELDS.find((name) => matcher.str(name) !== undefined)
  if (field !== undefined) return `${field.replace('_match', '')} ${quote(matcher.str(field))}`
  const regex = matcher.path('safe_regex_match')?.str('regex')
  if (regex !== undefined) return `regex ${quote(regex)}`
  const range = matcher.get('range_match')
  if (range !== undefined) return `in ${describeRange(range)}`
  return matcher.bool('present_match') === false ? 'absent' : 'present'
}

/** A half-open range: `[10, 20)`. */
export function describeRange(range: View): string {
  return `[${range.num('start') ?? 0}, ${range.num('end') ?? 0})`
}

/** `10.0.0.0/8`. */
export function describeCidr(range: View): string {
  return `${range.str('address_prefix') ?? ''}/${range.num('prefix_len') ?? 0}`
}

/** A MetadataMatcher: `metadata tunnel/target`. */
export function describeMetadata(matcher: View): string {
  const path = [matcher.str('filter') ?? '', ...matcher.list('path').map((segment) => segment.str('key') ?? '')].join('/')
  const text = matcher.path('value', 'string_match')
  return `metadata ${path}${matcher.bool('invert') === true ? ' not' : ''}${text === undefined ? '' : ` ${describeString(text)}`}`
}

export function quote(text: string | undefined): string {
  return JSON.stringify(text ?? '')
}
