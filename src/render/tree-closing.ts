import type {Answer} from '../flow/forwarder.js'
import type {Outcome, Trace} from '../flow/trace.js'
import {outlookOf, type Missing} from '../flow/verdict.js'
import {fixFor} from './fixes.js'
import {clientAnswers} from './seen.js'
import type {Paragraph} from './tree-heading.js'
import type {TreeStyle} from './tree-style.js'
import {answerText, verdictReason, verdictTitle, verdictTone} from './verdict-text.js'

/** Blocks below the hops: one for each bad end, what is missing, and the warnings. */
export function closingTexts(style: TreeStyle): readonly (readonly Paragraph[])[] {
  return [...stopBlocks(style), missingBlock(style), warningBlock(style)]
}

/** An end with what the client itself gets of it. */
interface BadEnd {
  readonly outcome: Outcome
  readonly seen: readonly Answer[]
}

/** Ends that say the same of several places are told once. */
function stopBlocks(style: TreeStyle): readonly (readonly Paragraph[])[] {
  const groups = new Map<string, [BadEnd, ...BadEnd[]]>()
  for (const end of badEnds(style.trace)) {
    const key = JSON.stringify([end.outcome.verdict, end.seen])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [end])
    else group.push(end)
  }
  return [...groups.values()].map((group) => stopBlock(group, style))
}

/** Ends of the traffic itself: what becomes of calls and copies that a proxy makes is no end of the connection. */
function badEnds(trace: Trace): readonly BadEnd[] {
  const answers = clientAnswers(trace)
  return Object.entries(trace.outcomes).flatMap(([id, outcome]) => {
    const seen = answers.get(id)
    return seen === undefined || outlookOf(outcome.verdict) !== 'negative' ? [] : [{outcome, seen}]
  })
}

function stopBlock(ends: readonly [BadEnd, ...BadEnd[]], {glyphs, name}: TreeStyle): readonly Paragraph[] {
  const [{outcome, seen: answers}] = ends
  const {verdict} = outcome
  const fix = fixFor(verdict.kind)
  const seen = answers
    .map(answerText)
    .filter((text) => text !== '')
    .join(', or ')
  const reason = verdictReason(verdict)
  const places = [...new Set(ends.map(({outcome: {place}}) => `${place.kind} ${name(place)}`))].toSorted()
  const what = `${verdictTitle(verdict)} by ${places.join(', ')}${reason === '' ? '' : `: ${reason}`}`
  return [
    {text: glyphs.say(what), tone: verdictTone(verdict)},
    ...(seen === '' ? [] : [{label: 'seen:', text: glyphs.say(seen), tone: 'plain' as const}]),
    ...(fix === undefined
      ? []
      : [
          {label: 'check:', text: glyphs.say(fix.check), tone: 'plain' as const},
          {label: 'fix:', text: glyphs.say(fix.fix), tone: 'plain' as const},
        ]),
  ]
}

function missingBlock({trace, glyphs}: TreeStyle): readonly Paragraph[] {
  const ends = Object.values(trace.outcomes).flatMap(({verdict}) => (verdict.kind === 'undetermined' ? verdict.missing : []))
  const all = new Map([...trace.missing, ...ends].map((missing) => [JSON.stringify([missing.what, missing.collect ?? '']), missing]))
  return [...all.values()].flatMap(missingTexts).map((paragraph) => ({...paragraph, text: glyphs.say(paragraph.text)}))
}

function missingTexts({what, collect}: Missing): readonly Paragraph[] {
  return [
    {label: 'missing:', text: what, tone: 'unsure'},
    ...(collect === undefined ? [] : [{label: 'collect:', text: collect, tone: 'plain' as const, isWhole: true}]),
  ]
}

function warningBlock({trace, glyphs}: TreeStyle): readonly Paragraph[] {
  return trace.warnings.map((text) => ({label: 'warning:', text: glyphs.say(text), tone: 'unsure'}))
}
