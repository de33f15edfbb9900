import {parse, stringify} from 'yaml'
import {isObject} from '../../json/view.js'
import type {JsonString} from './json-strings.js'
import type {Names} from './names.js'
import type {Pseudonyms} from './pseudonyms.js'
import {renameTokens, wordsOf} from './tokens.js'
import {FORMAT_FIELDS, isFormatWord, isKnownLabel, isProtocolName, MATCH_FIELDS, SECRET_FIELDS} from './vocabulary.js'

/** What cannot be said stands for itself. The same as base64, where bytes are expected. */
const REDACTED = 'redacted'
const REDACTED_BYTES = 'W3JlZGFjdGVkXQ=='

/** Writes the strings of a snapshot anew, and remembers what it was not sure of. */
export class Rewriter {
  /** Words by the fields in which users may have written them; they stay. */
  readonly unsure = new Map<string, Set<string>>()
  /** Words that are names elsewhere, and stay. */
  readonly left = new Set<string>()
  /** Fields that decide, and whose text was redacted. */
  readonly lost = new Set<string>()
  /** New texts by old ones: a dump says the same ones thousands of times. */
  readonly #renamed = new Map<string, string>()
  readonly #kept = new Set<string>()

  constructor(
    private readonly names: Names,
    private readonly pseudonyms: Pseudonyms,
  ) {}

  name(text: string): string {
    const known = this.#renamed.get(text)
    if (known !== undefined) return known
    const renamed = renameTokens(text, this.pseudonyms)
    this.#renamed.set(text, renamed)
    return renamed
  }

  string(string: JsonString): string {
    return string.isKey ? this.#key(string) : this.#value(string)
  }

  /** Lines of packet rules: addresses wherever they stand; names in what is quoted and in the name of the host. */
  capture(text: string): string {
    const {word, ...others} = this.pseudonyms
    const keep = (one: string): string => this.#keepWord(one)
    return text.replaceAll(QUOTED_OR_PLAIN, (part) => {
      const isNamed = part.startsWith('"') || /^kernel\.(?:host|domain)name/.test(part)
      return renameTokens(part, {...others, word: isNamed ? word : keep})
    })
  }

  #key({text, field: parent}: JsonString): string {
    if (isKnownLabel(text) || isProtocolName(text)) return text
    return /^[\w@$]+$/.test(text) && !MAPS.has(parent) ? text : this.name(text)
  }

  #value(string: JsonString): string {
    const {text, field} = string
    if (FORMAT_FIELDS.has(field) || text === '') return text
    if (isMeshConfig(string)) return this.#meshConfig(text)
    if (isProtocolName(text)) return this.#keepText(text)
    if (isSecret(string)) return this.#redact(string)
    const renamed = this.name(text)
    if (MATCH_FIELDS.has(field)) this.#noteUnsure(string)
    return renamed
  }

  #redact({field, text}: JsonString): string {
    if (MATCH_FIELDS.has(field)) this.lost.add(field)
    return field === 'inline_bytes' || text === REDACTED_BYTES ? REDACTED_BYTES : REDACTED
  }

  /** Only what is read of it: the rest is free text. */
  #meshConfig(text: string): string {
    const mesh = parsedYaml(text)
    const domain = isObject(mesh) ? mesh['trustDomain'] : undefined
    return stringify(typeof domain === 'string' ? {trustDomain: this.name(domain)} : {})
  }

  #keepText(text: string): string {
    if (this.#kept.has(text)) return text
    this.#kept.add(text)
    for (const word of wordsOf(text)) this.#keepWord(word)
    return text
  }

  #keepWord(word: string): string {
    if (this.names.words.has(word)) this.left.add(word)
    return word
  }

  /** Of settings for statistics the program knows that they are Envoy's own. */
  #noteUnsure({field, above, text}: JsonString): void {
    if (above.includes('stats_config')) return
    const unknown = wordsOf(text).filter((word) => !this.names.words.has(word) && !isFormatWord(word) && isUserWord(word))
    if (unknown.length > 0) this.unsure.set(field, new Set([...(this.unsure.get(field) ?? []), ...unknown]))
  }
}

/** Single letters and upper case are marks and settings. */
function isUserWord(word: string): boolean {
  return word.length > 1 && /[a-z]/.test(word)
}

const QUOTED_OR_PLAIN = /"[^"\n]*"|^kernel\.(?:host|domain)name.*$|[^"\n]+|\n/gm

/** Objects whose keys are names, not fields. */
const MAPS: ReadonlySet<string> = new Set([
  ...['by_addr', 'by_uid', 'by_vip', 'by_host', 'by_key', 'by_namespace', 'vips', 'endpoints', 'workloads', 'services', 'policies'],
  ...['workload_to_vip', 'staged_services', 'staged_vips', 'certificates', 'workloadState', 'state', 'headers', 'withoutHeaders'],
])

function isMeshConfig({field, above}: JsonString): boolean {
  return field === 'mesh' && above.at(-1) === 'data'
}

/** Fields for secrets, annotations and settings nobody knows, what looks like a key, and prose. */
function isSecret(string: JsonString): boolean {
  const {text, field, above} = string
  if ([...above, field].some((key) => SECRET_FIELDS.has(key)) || isPrivatePlace(string)) return true
  return !REFERENCES.has(field) && (looksSecret(text) || (/\s/.test(text) && !ENVOY_FORMAT.test(text)))
}

/** Bodies and scripts beside the formats that Envoy fills in; ConfigMaps; annotations. */
function isPrivatePlace({text, field, above}: JsonString): boolean {
  if (field === 'inline_string') return !ENVOY_FORMAT.test(text)
  const parent = above.at(-1) ?? ''
  if (parent === 'data') return !above.includes('configs')
  return ANNOTATIONS.has(parent) && (!isKnownLabel(field) || field.startsWith('kubectl.'))
}

const ANNOTATIONS: ReadonlySet<string> = new Set(['annotations', 'ANNOTATIONS'])
const ENVOY_FORMAT = /^%[^%]*%$/

/** Fields that refer to others: long names, none of them a key. */
const REFERENCES: ReadonlySet<string> = new Set([
  'name',
  'cluster',
  'cluster_name',
  'version_info',
  'stat_prefix',
  'alt_stat_name',
  'service_name',
])

function looksSecret(text: string): boolean {
  return /eyJ[\w-]+\.|-----BEGIN/.test(text) || (/^[\w+=-]{40,}$/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text))
}

function parsedYaml(text: string): unknown {
  try {
    return parse(text, {logLevel: 'error'})
  } catch {
    return undefined
  }
}
