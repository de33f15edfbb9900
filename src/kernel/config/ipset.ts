import {isIP} from 'node:net'
import type {IpSet, IpSetMember} from './model.js'
import {badLine, linesOf, type SourceLine, type SourceText} from './source-text.js'

/**
 * Reads `ipset save` and `ipset list`.
 * @throws InputError with the line that is neither
 */
export function readIpSets(source: SourceText): readonly IpSet[] {
  const lines = linesOf(source)
  return lines.some(({text}) => /^Name: /.test(text)) ? readList(lines) : readSave(lines)
}

interface Draft {
  readonly set: IpSet
  readonly members: IpSetMember[]
  readonly options: Options
}

/** What the heading of a set says besides its type, as far as members are read by it. */
interface Options {
  /** Members stand for networks of this length. */
  readonly netmask?: string
}

function readSave(lines: readonly SourceLine[]): readonly IpSet[] {
  const drafts = new Map<string, Draft>()
  for (const line of lines.filter(({text}) => !text.startsWith('#'))) {
    const [command, name = '', ...rest] = line.text.trim().split(' ')
    const known = drafts.get(name)
    if (command === 'create') drafts.set(name, draft(name, {type: rest[0] ?? '', heading: rest.join(' '), line}))
    else if (command === 'add' && known !== undefined) known.members.push(memberOf(rest.join(' '), {line, options: known.options}))
    else throw badLine(line, {what: 'A line of ipset save cannot be read', expected: '"create <set> <type>" or "add <known set> <member>"'})
  }
  return [...drafts.values()].map(({set, members}) => ({...set, members}))
}

/** Fields of the heading come before `Members:`, one member per line after it. */
function readList(lines: readonly SourceLine[]): readonly IpSet[] {
  const starts = lines.flatMap(({text}, index) => (text.startsWith('Name: ') ? [index] : []))
  const [stray] = lines.slice(0, starts[0])
  if (stray !== undefined) throw badLine(stray, {what: 'A line of ipset list belongs to no set', expected: '"Name: <set>"'})
  return starts.flatMap((start, index) => listedSet(lines.slice(start, starts[index + 1])) ?? [])
}

/** Undefined: `ipset list -t` tells no members, so that the set counts as not recorded. */
function listedSet(lines: readonly SourceLine[]): IpSet | undefined {
  const [line] = lines
  const split = lines.findIndex(({text}) => /^Members:\s*$/.test(text))
  if (line === undefined || split < 0) return undefined
  const field = (name: string): string => {
    const found = lines.slice(0, split).find(({text}) => text.startsWith(`${name}: `))
    return found?.text.slice(name.length + 2).trim() ?? ''
  }
  const {set, options} = draft(field('Name'), {type: field('Type'), heading: field('Header'), line})
  return {...set, members: lines.slice(split + 1).map((member) => memberOf(member.text.trim(), {line: member, options}))}
}

interface Heading {
  readonly type: string
  readonly heading: string
  readonly line: SourceLine
}

/** Addresses under a bit mask are of no type that is modelled. */
function draft(name: string, {type, heading, line}: Heading): Draft {
  const netmask = / netmask (\d+)/.exec(heading)?.[1]
  const place = {file: line.file, line: line.line}
  return {
    set: {name, type: / bitmask /.test(heading) ? `${type} under a bitmask` : type, members: [], place},
    members: [],
    options: netmask === undefined ? {} : {netmask},
  }
}

/** Options stand behind the member, its comment last; a comment may hold every word. */
function memberOf(text: string, {line, options}: {readonly line: SourceLine; readonly options: Options}): IpSetMember {
  const [, rest = text, comment] = /^(.*?) comment "([^"]*)"$/.exec(text) ?? []
  const [entry = '', ...words] = rest.split(' ')
  return {
    text: entry,
    parts: entry.split(',').map((part) => withLength(part, options)),
    nomatch: words.includes('nomatch'),
    ...(words.includes('wildcard') ? {wildcard: true as const} : {}),
    ...(comment === undefined ? {} : {comment}),
    place: {file: line.file, line: line.line},
  }
}

function withLength(part: string, {netmask}: Options): string {
  return netmask !== undefined && isIP(part) > 0 ? `${part}/${netmask}` : part
}
