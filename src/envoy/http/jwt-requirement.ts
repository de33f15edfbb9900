import type {View} from '../../json/view.js'
import {headerLines, type Stream} from '../connection.js'
import {queryOf} from '../match/path.js'

/** What a requirement says to a request; `depends`: a token is there, and whether it verifies is not in the data. */
export type JwtOutcome = 'allows' | 'refuses' | 'depends'

interface Asking {
  readonly providers: View | undefined
  readonly stream: Stream
  /** How deep the requirement stands in others. */
  readonly nesting?: number
}

const MAX_NESTING = 32

/** A JwtRequirement against the tokens a request brings. Source: envoy-2022 D6; jwt_authn verifier.cc, extractor.cc. */
export function judgeRequirement(requirement: View, asking: Asking): JwtOutcome {
  const {nesting = 0} = asking
  if (nesting > MAX_NESTING) return 'depends'
  if (requirement.get('allow_missing_or_failed') !== undefined) return 'allows'
  if (requirement.get('allow_missing') !== undefined) return judgeTokens(allTokens(asking), 'allows')
  const judged = (list: View): JwtOutcome[] =>
    list.list('requirements').map((one) => judgeRequirement(one, {...asking, nesting: nesting + 1}))
  const [any, all] = [requirement.get('requires_any'), requirement.get('requires_all')]
  if (any !== undefined) return firstOf(judged(any), ['allows', 'depends', 'refuses'])
  return all === undefined ? judgeProvider(requirement, asking) : firstOf(judged(all), ['refuses', 'depends', 'allows'])
}

function judgeProvider(requirement: View, {providers, stream}: Asking): JwtOutcome {
  const name = requirement.str('provider_name') ?? requirement.get('provider_and_audiences')?.str('provider_name')
  const provider = providers?.own(name ?? '')
  return provider === undefined ? 'depends' : judgeTokens(tokensOf(provider, stream), 'refuses')
}

function firstOf(outcomes: readonly JwtOutcome[], order: readonly JwtOutcome[]): JwtOutcome {
  return order.find((outcome) => outcomes.includes(outcome)) ?? 'depends'
}

/** A token that has not three parts never verifies. */
function judgeTokens(tokens: readonly string[], without: JwtOutcome): JwtOutcome {
  if (tokens.length === 0) return without
  return tokens.every((token) => token.split('.').length !== 3) ? 'refuses' : 'depends'
}

function allTokens({providers, stream}: Asking): string[] {
  return (providers?.entries() ?? []).flatMap(([, provider]) => tokensOf(provider, stream))
}

/** Without places of its own a provider looks at `Authorization: Bearer` and the parameter access_token. */
function tokensOf(provider: View, stream: Stream): string[] {
  const [headers, parameters, cookies] = [provider.list('from_headers'), provider.list('from_params'), provider.list('from_cookies')]
  if (headers.length + parameters.length + cookies.length === 0) {
    return [...headerTokens(stream, {name: 'authorization', prefix: 'Bearer '}), ...parameterTokens(stream, 'access_token')]
  }
  return [
    ...headers.flatMap((place) => headerTokens(stream, {name: place.str('name') ?? '', prefix: place.str('value_prefix') ?? ''})),
    ...parameters.flatMap((name) => parameterTokens(stream, name.text() ?? '')),
    ...cookies.flatMap((name) => cookieTokens(stream, name.text() ?? '')),
  ]
}

function headerTokens({request}: Stream, {name, prefix}: {name: string; prefix: string}): string[] {
  return headerLines(request, name).flatMap((line) => (line.includes(prefix) ? [line.slice(line.indexOf(prefix) + prefix.length)] : []))
}

function parameterTokens({request}: Stream, name: string): string[] {
  const pairs = (queryOf(request.path ?? '') ?? '').split('&')
  return pairs.flatMap((pair) => (pair.startsWith(`${name}=`) ? [pair.slice(name.length + 1)] : []))
}

function cookieTokens({request}: Stream, name: string): string[] {
  const pairs = headerLines(request, 'cookie').flatMap((line) => line.split(';').map((pair) => pair.trim()))
  return pairs.flatMap((pair) => (pair.startsWith(`${name}=`) ? [pair.slice(name.length + 1)] : []))
}
