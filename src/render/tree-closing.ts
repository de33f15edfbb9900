import type {Outcome, Trace} from '../flow/trace.js'
import {outlookOf, type Missing} from '../flow/verdict.js'
import {fixFor} from './fixes.js'
import type {Paragraph} from './tree-heading.js'
import type {TreeStyle} from './tree-style.js'
import {unacceptedOutcomes} from './unaccepted.js'
import {answerText, verdictReason, verdictTitle, verdictTone} from './verdict-text.js'

/** Blocks below the hops: one for each bad end, what is missing, and the warnings. */
export function closingTexts(style: TreeStyle): readonly (readonly Paragraph[])[] {
  return [...stopBlocks(style), missingBlock(style), warningBlock(style)]
}

/** Ends that say the same of several places are told once. */
function stopBlocks(style: TreeStyle): readonly (readonly Paragraph[])[] {
  const groups = new Map<string, [Outcome, ...Outcome[]]>()
  for (const outcome of badEnds(style.trace)) {
    const key = JSON.stringify([outcome.verdict, outcome.answer])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [outcome])
    else group.push(outcome)
  }
  return [...groups.values()].map((group) => stopBlock(group, style))
}

/** With what the client itself sees: once a proxy has accepted its connection, a failure further on only closes it. */
function badEnds(trace: Trace): readonly Outcome[] {
  const unaccepted = unacceptedOutcomes(trace)
  return Object.entries(trace.outcomes)
    .filter(([, {verdict}]) => outlookOf(verdict) === 'negative')
    .map(([id, outcome]) =>
      outcome.answer.kind === 'closed' && !unaccepted.has(id) ? {...outcome, answer: {...outcome.answer, accepted: true}} : outcome,
    )
}

function stopBlock(outcomes: readonly [Outcome, ...Outcome[]], {glyphs, name}: TreeStyle): readonly Paragraph[] {
  const [{verdict, answer}] = outcomes
  const fix = fixFor(verdict.kind)
  const seen = answerText(answer)
  const reason = verdictReason(verdict)
  const places = [...new Set(outcomes.map(({place}) => `${place.kind} ${name(place)}`))].toSorted()
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
