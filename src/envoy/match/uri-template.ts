import {RE2JS} from 're2js'
import {tri, type Tri} from '../../flow/tri.js'
import {pathOnly} from './path.js'
import {compilePattern} from './regex.js'

/** Characters a `*` accepts: RFC 3986 pchar (uri_template_internal.cc; seen on 1.36.2 and 1.40.0). */
const SEGMENT_CHARACTERS = String.raw`a-zA-Z0-9\-._~%!$&'()*+,;:@=`
const SEGMENT_GLOB = `[${SEGMENT_CHARACTERS}]+`
const TEXT_GLOB = `[${SEGMENT_CHARACTERS}/]*`
const MAX_TEMPLATE_LENGTH = 4096

interface Template {
  readonly regex: RE2JS
  readonly variables: readonly string[]
}

/**
 * A UriTemplateMatchConfig.path_template against a path: literals, `*` (one segment), `**` (any rest), `{name}` and `{name=pattern}`.
 * `undetermined`: a template Envoy would reject. Source: envoy-2022 D5 (path_match_policy).
 */
export function matchUriTemplate(template: string, path: string): Tri {
  const parsed = parseTemplate(template)
  return parsed === undefined ? 'undetermined' : tri(parsed.regex.testExact(pathOnly(path)))
}

/** The path that a UriTemplateRewriteConfig makes of a matched one; undefined when the template does not match or names an unknown variable. */
export function rewriteByUriTemplate(path: string, templates: {readonly match: string; readonly rewrite: string}): string | undefined {
  const parsed = parseTemplate(templates.match)
  const matcher = parsed?.regex.matcher(pathOnly(path))
  if (parsed === undefined || matcher === undefined || !matcher.matches()) return undefined
  const names = [...templates.rewrite.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name ?? '')
  if (names.some((name) => !parsed.variables.includes(name))) return undefined
  return templates.rewrite.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => matcher.group(parsed.variables.indexOf(name) + 1) ?? '')
}

function parseTemplate(template: string): Template | undefined {
  if (!template.startsWith('/') || template.length > MAX_TEMPLATE_LENGTH) return undefined
  const tokens = [...template.matchAll(/\{([^{}]*)\}|[^{}]+|[{}]/g)]
  const patterns = tokens.map(([token, variable]) => (variable === undefined ? globPattern(token) : variablePattern(variable)))
  if (patterns.includes(undefined)) return undefined
  const regex = compilePattern(patterns.join(''))
  const variables = tokens.flatMap(([, variable]) => (variable === undefined ? [] : [variable.split('=', 1)[0] ?? '']))
  return regex === undefined ? undefined : {regex, variables}
}

/** A variable without a pattern takes one segment. */
function variablePattern(variable: string): string | undefined {
  const [, name, glob] = /^([a-zA-Z]\w*)(?:=(.+))?$/.exec(variable) ?? []
  if (name === undefined) return undefined
  const pattern = globPattern(glob ?? '*')
  return pattern === undefined ? undefined : `(${pattern})`
}

/** Literals, slashes and globs; undefined for a stray brace or a character no template may hold. */
function globPattern(text: string): string | undefined {
  if (!/^[a-zA-Z0-9\-._~%!$&'()+,;:@=*/]*$/.test(text)) return undefined
  return text.replaceAll(/\*\*|\*|[^*]+/g, (part) => (part === '**' ? TEXT_GLOB : part === '*' ? SEGMENT_GLOB : RE2JS.quote(part)))
}
