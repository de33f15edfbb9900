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
}

function readSave(lines: readonly SourceLine[]): readonly IpSet[] {
  const drafts = new Map<string, Draft>()
  for (const line of lines.filter(({text}) => !text.startsWith('#'))) {
    const [command, name = '', ...rest] = line.text.trim().split(' ')
    const known = drafts.get(name)
    if (command === 'create') drafts.set(name, draft(name, {type: rest[0] ?? '', line}))
    else if (command === 'add' && known !== undefined) known.members.push(memberOf(rest.join(' '), line))
    else throw badLine(line, {what: 'A line of ipset save cannot be read', expected: '"create <set> <type>" or "add <known set> <member>"'})
  }
  return finished(drafts)
}

/** Fields of the heading come before `Members:`, one member per line after it. */
function readList(lines: readonly SourceLine[]): readonly IpSet[] {
  const starts = lines.flatMap(({text}, index) => (text.startsWith('Name: ') ? [index] : []))
  const [stray] = lines.slice(0, starts[0])
  if (stray !== undefined) throw badLine(stray, {what: 'A line of ipset list belongs to no set', expected: '"Name: <set>"'})
  return starts.map((start, index) => listedSet(lines.slice(start, starts[index + 1])))
}

function listedSet(lines: readonly SourceLine[]): IpSet {
  const [heading] = lines
  const split = lines.findIndex(({text}) => /^Members:\s*$/.test(text))
  const fields = split < 0 ? lines : lines.slice(0, split)
  return {
    name: heading?.text.slice('Name: '.length).trim() ?? '',
    type:
      fields
        .find(({text}) => text.startsWith('Type: '))
        ?.text.slice('Type: '.length)
        .trim() ?? '',
    members: split < 0 ? [] : lines.slice(split + 1).map((line) => memberOf(line.text.trim(), line)),
    ...(heading === undefined ? {} : {place: {file: heading.file, line: heading.line}}),
  }
}

function draft(name: string, {type, line}: {readonly type: string; readonly line: SourceLine}): Draft {
  return {set: {name, type, members: [], place: {file: line.file, line: line.line}}, members: []}
}

function finished(drafts: ReadonlyMap<string, Draft>): readonly IpSet[] {
  return [...drafts.values()].map(({set, members}) => ({...set, members}))
}

function memberOf(text: string, line: SourceLine): IpSetMember {
  const [entry = '', ...options] = text.split(' ')
  const comment = / comment "([^"]*)"/.exec(text)?.[1]
  return {
    text: entry,
    parts: entry.split(','),
    nomatch: options.includes('nomatch'),
    ...(comment === undefined ? {} : {comment}),
    place: {file: line.file, line: line.line},
  }
}
