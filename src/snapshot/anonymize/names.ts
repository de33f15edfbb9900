import {isIP} from 'node:net'
import type {JsonString} from './json-strings.js'
import {renameTokens, wordsOf} from './tokens.js'
import {FORMAT_FIELDS, isFormatWord, isKnownLabel, isProtocolName, NAME_FIELDS} from './vocabulary.js'

/** What is to be renamed in a snapshot, and what else is in it. */
export class Names {
  /** Parts of names, between hyphens and dots: `bookinfo-reviews` and `reviews` stay recognisable as related. */
  readonly words = new Set<string>()
  readonly addresses = new Set<string>()
  /** Names of which nothing is renamed: they are made of words of the formats. */
  readonly kept = new Set<string>()
  /** Each word that stands anywhere: no new name may be one of them. */
  readonly seen = new Set<string>()
  /** A dump says the same texts thousands of times; each is taken apart once. */
  readonly #texts = new Set<string>()

  /** Whatever the text is: its addresses, and the names that stand in it in a form that tells them. */
  addText(text: string): void {
    if (this.#texts.has(text)) return
    this.#texts.add(text)
    renameTokens(text, {
      word: (word) => {
        this.seen.add(word)
        return word
      },
      address: (address) => {
        this.addresses.add(address)
        return address
      },
      range: (address) => {
        this.addresses.add(address)
        return address
      },
      code: (code) => code,
    })
    for (const pattern of NAMES_IN_TEXT) {
      for (const [, ...names] of text.matchAll(pattern)) for (const name of names) this.addName(name)
    }
  }

  addName(name: string): void {
    if (isIP(name) !== 0 || isProtocolName(name)) return
    const words = wordsOf(name)
    const own = words.filter((word) => !isFormatWord(word))
    for (const word of own) this.words.add(word)
    if (own.length === 0 && words.length > 0) this.kept.add(name)
  }

  /** A string of an inventory or of a dump. */
  addString(string: JsonString, isEveryNameOurs: boolean): void {
    const {text, isKey, field, above} = string
    if (!isKey && FORMAT_FIELDS.has(field)) return
    this.addText(text)
    if (isKey) return
    const isName = NAME_FIELDS.has(field) || (field === 'name' && isEveryNameOurs && !above.includes('env'))
    if (isName || isNameLabel(string)) this.addName(text)
  }
}

/** Values of the labels that users choose; of those that Istio and Kubernetes define, the ones that name something. */
function isNameLabel({field, above}: JsonString): boolean {
  const parent = above.at(-1) ?? ''
  if (!LABELS.has(parent)) return false
  return !isKnownLabel(field) || NAMING_LABEL.test(field)
}

const LABELS: ReadonlySet<string> = new Set(['labels', 'LABELS', 'matchLabels', 'selector', 'nodeSelector', 'podLabels'])
const NAMING_LABEL =
  /\/(?:.*name|hostname|zone|region|network|use-waypoint.*|service-account|canonical-.*|part-of|instance|component|cluster)$/

/** Identities, hosts of services, policies in names of rules, subsets and hosts in names of clusters, ids of workloads and of nodes. */
const NAMES_IN_TEXT: readonly RegExp[] = [
  /([a-zA-Z0-9.-]+)\/ns\/([a-zA-Z0-9.*-]+)\/sa\/([a-zA-Z0-9.*-]+)/g,
  /([a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*)\.svc(?![\w-])\.?([a-zA-Z0-9.-]*)/g,
  /ns\[([^\]]+)\]-policy\[([^\]]+)\]/g,
  /^(?:outbound|inbound|inbound-vip|inbound-pod)\|\d*\|([^|]*)\|([^|]*)/g,
  /^[a-zA-Z0-9-]*\/\/?Pod\/([a-zA-Z0-9.-]+)\/([a-zA-Z0-9.-]+)/g,
  /^[a-zA-Z0-9-]+~[^~]*~([a-zA-Z0-9.-]+)~([a-zA-Z0-9.-]+)$/g,
  /\/namespaces\/([a-zA-Z0-9.-]+)\/[a-zA-Z0-9-]+\/([a-zA-Z0-9.~-]+)/g,
]
