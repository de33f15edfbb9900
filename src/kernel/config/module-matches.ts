import type {Match} from './packet-rules.js'
import type {WordReader} from './rule-words.js'

/** Modules of which every option is listed here, or names itself as unknown. */
const MODULES = new Set([
  ...['tcp', 'udp', 'icmp', 'icmp6', 'multiport', 'mark', 'connmark', 'conntrack', 'state', 'set', 'addrtype', 'statistic', 'owner'],
  ...['comment', 'nfacct', 'iprange', 'tos', 'dscp'],
])

/** What a module says before its options are read. */
export function matchOfModule(module: string, reader: WordReader): readonly Match[] {
  if (module === 'socket') return [socketMatch(reader)]
  if (module === 'recent') return [recentMatch(reader)]
  return MODULES.has(module) ? [] : [{kind: 'unknown', negated: false, text: ['-m', module, ...restOfModule(reader)].join(' ')}]
}

/** The module matches by itself; options narrow it down. `--restore-skmark` changes the packet as well. */
function socketMatch(reader: WordReader): Match {
  const options = restOfModule(reader)
  const [transparent, wildcard] = ['--transparent', '--nowildcard'].map((option) => options.includes(option))
  if (options.some((option) => option !== '--transparent' && option !== '--nowildcard')) {
    return {kind: 'unknown', negated: false, text: ['-m socket', ...options].join(' ')}
  }
  return {kind: 'socket', negated: false, transparent: transparent === true, wildcard: wildcard === true}
}

/** `--set` notes the address and holds; `--rcheck` and `--update` ask for what no output of rules tells (xt_recent). */
function recentMatch(reader: WordReader): Match {
  const options = restOfModule(reader)
  const list = options[options.indexOf('--name') + 1] ?? 'DEFAULT'
  const isOther = options.includes('!') || options.includes('--remove')
  if (isOther) return {kind: 'unknown', negated: false, text: ['-m recent', ...options].join(' ')}
  return {
    kind: 'recent',
    negated: false,
    list,
    notes: options.includes('--set'),
    side: options.includes('--rdest') ? 'destination' : 'source',
  }
}

function restOfModule(reader: WordReader): readonly string[] {
  const words: string[] = []
  for (let word = reader.peek(); word !== undefined && !/^(-[mjg]|--jump|--goto|--match)$/.test(word); word = reader.peek()) {
    words.push(word)
    reader.next()
  }
  return words
}
