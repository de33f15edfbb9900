type Lines = readonly string[]

/**
 * Cuts the JSON object that starts at a line, up to the brace of the same indent. Cutting text keeps the order of keys,
 * which parsing would not: `{"9080": …, "443": …}` comes back in the order of numbers.
 */
export function cutBlock(lines: Lines, start: number): Lines {
  const end = endOfBlock(lines, start)
  return end < 0 ? lines : [...lines.slice(0, start), ...lines.slice(end + 1)]
}

/** The lines of the object of a list that says something, by the line that says it; undefined where none does. */
function itemWith(lines: Lines, said: string): {readonly start: number; readonly end: number} | undefined {
  const at = lines.findIndex((line) => line.trim().replace(/,$/, '') === said)
  const indent = indentOf(lines[at] ?? '')
  const start = lines.findLastIndex((line, index) => index < at && line.trim() === '{' && indentOf(line) < indent)
  return at < 0 || start < 0 ? undefined : {start, end: endOfBlock(lines, start)}
}

/** Changes one item of a list, given and returned as its lines. */
export function editItem(lines: Lines, {said, change}: {readonly said: string; readonly change: (item: Lines) => Lines}): Lines {
  const item = itemWith(lines, said)
  if (item === undefined) return lines
  return [...lines.slice(0, item.start), ...change(lines.slice(item.start, item.end + 1)), ...lines.slice(item.end + 1)]
}

/** Cuts the item of a list that says something; the comma of the item before goes with a last one. */
export function cutItem(lines: Lines, said: string): Lines {
  const item = itemWith(lines, said)
  if (item === undefined) return lines
  const before = lines.slice(0, item.start)
  return [...(lines[item.end]?.endsWith(',') === false ? withoutLastComma(before) : before), ...lines.slice(item.end + 1)]
}

/** Cuts a member with an object as its value; the comma of the member before goes with a last one. */
export function cutMember(lines: Lines, name: string): Lines {
  const start = lines.findIndex((line) => line.trim() === `"${name}": {`)
  const end = endOfBlock(lines, start)
  if (end < 0) return lines
  const isLast = lines[end]?.endsWith(',') === false
  const before = lines.slice(0, start)
  return [...(isLast ? withoutLastComma(before) : before), ...lines.slice(end + 1)]
}

function withoutLastComma(lines: Lines): Lines {
  return lines.map((line, index) => (index === lines.length - 1 ? line.replace(/,$/, '') : line))
}

function endOfBlock(lines: Lines, start: number): number {
  const first = lines[start]
  if (first === undefined) return -1
  const close = `${' '.repeat(indentOf(first))}}`
  return lines.findIndex((line, index) => index > start && line.startsWith(close))
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
