import type {CaptureAnswer, CaptureBranch} from '../app/capture.js'
import type {CaptureCheckup} from '../app/capture-findings.js'
import type {PortAdmission} from '../app/capture-admissions.js'
import {formatSocket} from '../flow/address.js'
import type {Step} from '../flow/step.js'
import type {CaptureFinding} from '../kernel/findings/finding.js'
import {explainLines, type CaptureLook, type CaptureStyle} from './capture-explain.js'
import {glyphsFor} from './glyphs.js'
import {shareText} from './share-text.js'
import {wrapText} from './text-width.js'

/** What the kernel does with one packet: each branch with the rules and routes that decided, and the line of each. */
export function renderCapture(answer: CaptureAnswer, look: CaptureLook): string {
  const style = {...look, glyphs: glyphsFor(look.unicode ?? true)}
  const only = answer.branches.length === 1
  const [first, others] = findingsOf(answer)
  return [
    headingOf(answer, style),
    ...spaced(findingsLines(first, style)),
    ...answer.branches.flatMap((branch) => branchLines(branch, {style, only})),
    ...spaced(policyLines(answer, style)),
    ...spaced(findingsLines(others, style)),
  ].join('\n')
}

/** What is broken for this packet explains its way, and is said before it; what is about other pods, or unsure, follows. */
function findingsOf({findings = [], branches, question}: CaptureAnswer): readonly [readonly CaptureFinding[], readonly CaptureFinding[]] {
  const told = branches.flatMap(({end, steps}) => [end.reason, ...steps.flatMap((step) => ('because' in step ? step.because : []))])
  const met = new Set([question.destination.ip, ...told.flatMap((text) => text.split(/[^\w.]+/))])
  const isNear = ({severity, address}: CaptureFinding): boolean => severity === 'broken' && (address === undefined || met.has(address))
  return [findings.filter(isNear), findings.filter((one) => !isNear(one))]
}

/** What is wrong with the state of a place. */
export function renderCheckup({place, findings}: CaptureCheckup, look: CaptureLook): string {
  const style = {...look, glyphs: glyphsFor(look.unicode ?? true)}
  const {theme, glyphs} = style
  const none = findings.length === 0 ? [theme.ok('nothing wrong was found')] : []
  return [theme.strong(glyphs.say(`${place.kind} ${place.name}`)), ...none, ...findingsLines(findings, style)].join('\n')
}

function spaced(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines]
}

/** What mends several of a place is said once, below the last of them. */
function findingsLines(findings: readonly CaptureFinding[], style: CaptureStyle): readonly string[] {
  return findings.flatMap((one, at) => {
    const isSaidLater = findings.slice(at + 1).some(({place, fix}) => place === one.place && fix === one.fix)
    const fix = isSaidLater ? undefined : one.fix
    return [...findingLines(one, style), ...(fix === undefined ? [] : indented({label: 'fix', text: fix}, style))]
  })
}

function findingLines({kind, severity, place, what, evidence}: CaptureFinding, style: CaptureStyle): readonly string[] {
  const {theme, glyphs, width} = style
  const paint = severity === 'broken' ? theme.bad : theme.unsure
  const lines = wrapText(glyphs.say(`${kind}: ${place}: ${what}`), {width})
  const places = evidence.map(({file, line}) => `${file}:${line}`).join(', ')
  return [...lines.map((line, index) => (index === 0 ? line.replace(kind, (word) => paint(word)) : line)), ...quoted(places, style)]
}

/** Policies are seen by the network, before and after the rules of pods. */
function policyLines({admissions = [], unjudged}: CaptureAnswer, style: CaptureStyle): readonly string[] {
  const note = unjudged === undefined ? [] : indented({label: 'policy', text: unjudged}, style)
  return [...admissions.flatMap((admission) => admissionLines(admission, style)), ...note]
}

function admissionLines({port, destination, use, admitted, directions, provided}: PortAdmission, style: CaptureStyle): readonly string[] {
  const about = `${ADMITTED[admitted].word}: port ${port} of ${destination}${USES[use]}${provided === undefined ? '' : `, if ${provided}`}`
  const said = directions.filter((one) => admitted === 'yes' || one.admitted === admitted)
  const reasons = said.map(({direction, because, isolatedBy}) => {
    const names = isolatedBy.map(({namespace = '', name}) => `${namespace}/${name}`).join(', ')
    return `${direction}${names === '' ? '' : ` (${names})`}: ${because}`
  })
  const advice = said.flatMap((one) => one.advice ?? [])
  const {word, tone} = ADMITTED[admitted]
  const head = indented({label: 'policy', text: about}, style).map((line) => line.replace(word, (found) => style.theme[tone](found)))
  return [...head, ...[...reasons, ...advice].flatMap((text) => indented({label: '', text}, style))]
}

const ADMITTED = {
  yes: {word: 'ADMITTED', tone: 'ok'},
  no: {word: 'NOT ADMITTED', tone: 'bad'},
  undetermined: {word: 'UNDETERMINED', tone: 'unsure'},
} as const
const USES = {asked: '', hbone: ' (HBONE)', waypoint: ' (waypoints until December 2022)'} as const

function headingOf({place, question}: CaptureAnswer, {theme, glyphs}: CaptureStyle): string {
  const {protocol, source, destination, inDevice = place.inDevice, mark, owner} = question
  const parts = [
    `${protocol} ${source === undefined ? '' : `${formatSocket(source)} `}${glyphs.arrow} ${protocol === 'icmp' ? destination.ip : formatSocket(destination)}`,
    ...(inDevice === undefined ? [] : [`in ${inDevice}`]),
    ...(mark === 0 ? [] : [`mark 0x${mark.toString(16)}`]),
    ...(owner === undefined ? [] : [`uid ${owner.user}`]),
  ]
  return `${theme.strong(glyphs.say(`${place.kind} ${place.name}`))}  ${glyphs.say(parts.join(', '))}`
}

function branchLines(branch: CaptureBranch, {style, only}: {readonly style: CaptureStyle; readonly only: boolean}): readonly string[] {
  const {end, requires, steps, missing, passes} = branch
  return [
    '',
    ...endLines(branch, {style, only}),
    ...requires.flatMap((text) => indented({label: 'if', text}, style)),
    ...missing.flatMap(({what}) => indented({label: 'missing', text: what}, style)),
    ...(passes === undefined ? steps.flatMap((step) => stepLines(step, style)) : explainLines(passes, style)),
    ...(end.kind === 'dropped' || end.kind === 'asymmetric' ? indented({label: 'result', text: branch.result}, style) : []),
  ]
}

function endLines({end, share}: CaptureBranch, {style, only}: {readonly style: CaptureStyle; readonly only: boolean}): readonly string[] {
  const {theme, glyphs, width} = style
  const paint = {positive: theme.ok, negative: theme.bad, undetermined: theme.unsure}[OUTLOOKS[end.kind]]
  const lines = wrapText(glyphs.say(`${only ? '' : `${shareText(share)}  `}${end.kind.toUpperCase()}: ${end.reason}`), {width})
  return lines.map((line, index) => (index === 0 ? line.replace(end.kind.toUpperCase(), (word) => paint(word)) : line))
}

const OUTLOOKS = {
  captured: 'positive',
  delivered: 'positive',
  left: 'positive',
  dropped: 'negative',
  asymmetric: 'negative',
  undetermined: 'undetermined',
} as const

/** What decided, then where it stands and how it reads there. */
function stepLines(step: Step, style: CaptureStyle): readonly string[] {
  const places = step.evidence.map(({dump, pointer}) => `${dump}:${pointer.replace(/^line /, '')}`)
  const text = step.kind === 'rule' ? step.because.at(-1) : undefined
  return [
    ...indented({label: LABELS.get(step.kind) ?? step.kind, text: decisionOf(step)}, style),
    ...(text === undefined ? [] : quoted(text, style)),
    ...quoted(places.join(', '), style),
  ]
}

const LABELS: ReadonlyMap<string, string> = new Map([['route-lookup', 'route']])

function decisionOf(step: Step): string {
  if (step.kind === 'capture') return step.how
  return step.kind === 'rule' || step.kind === 'route-lookup' ? `${step.name}: ${step.effect}` : step.kind
}

const INDENT = 2
const LABEL_WIDTH = 9

function indented({label, text}: {readonly label: string; readonly text: string}, {glyphs, width, theme}: CaptureStyle): readonly string[] {
  const lines = wrapText(glyphs.say(text), {width: width - INDENT - LABEL_WIDTH})
  return lines.map((line, index) => `${' '.repeat(INDENT)}${theme.dim((index === 0 ? label : '').padEnd(LABEL_WIDTH))}${line}`)
}

function quoted(text: string, {glyphs, width, theme}: CaptureStyle): readonly string[] {
  if (text === '') return []
  const lines = wrapText(glyphs.say(text), {width: width - INDENT - LABEL_WIDTH})
  return lines.map((line) => `${' '.repeat(INDENT + LABEL_WIDTH)}${theme.dim(line)}`)
}
