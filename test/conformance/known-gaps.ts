import {readFileSync} from 'node:fs'

interface Gap {
  readonly layer: string
  readonly scenario: RegExp
  readonly id: RegExp
  readonly title: string
}

const PAGE = new URL('../../docs/known-gaps.md', import.meta.url)

/** Entries of docs/known-gaps.md: a heading, and under it lines `cases: <layer> <scenario> <id>` with `*` as wildcard. */
const gaps = readGaps(readFileSync(PAGE, 'utf8'))

/** Title of the known gap a case stands under. */
export function gapFor(one: {layer: string; scenario: string; id: string}): string | undefined {
  return gaps.find((gap) => gap.layer === one.layer && gap.scenario.test(one.scenario) && gap.id.test(one.id))?.title
}

function readGaps(page: string): Gap[] {
  let title = ''
  return page.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) title = line.slice(3)
    const match = /^- cases: `(\S+) (\S+) (\S+)`/.exec(line)
    return match === null ? [] : [{layer: match[1] ?? '', scenario: pattern(match[2]), id: pattern(match[3]), title}]
  })
}

function pattern(glob = ''): RegExp {
  return new RegExp(
    `^${glob
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  )
}
