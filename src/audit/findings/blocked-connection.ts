import type {Finding} from '../../flow/finding.js'
import {groupBy} from '../../flow/group-by.js'
import type {Step} from '../../flow/step.js'
import type {Branch, Hop} from '../../flow/trace.js'
import {hopsAt, listText, type Scene} from './scene.js'

/**
 * What a NetworkPolicy drops without saying so, where it is no tunnel that a finding of its own is about: which policy, and what to
 * add to it. Source: users.md P13.
 */
export function blockedConnection(scene: Scene): readonly Finding[] {
  const told = scene.generation === 'ga' ? ':15008' : undefined
  const blocked = hopsAt(scene, 'node')
    .flatMap(blockedAt)
    .filter(({between}) => told === undefined || !between.endsWith(told))
  return [...groupBy(blocked, ({who, advice, end}) => [JSON.stringify([who, advice, end])]).values()].map(findingOf).slice(0, 2)
}

interface Blocked {
  readonly who: string
  /** `10.0.0.1 to 10.0.0.2:80` */
  readonly between: string
  /** What to add to which policy. */
  readonly advice: string
  /** What clients see, and on what condition. */
  readonly end: string
  readonly evidence: Step['evidence']
}

function blockedAt({steps, next}: Hop): readonly Blocked[] {
  return [{steps, requires: []}, ...next].flatMap(blockedIn)
}

function blockedIn({steps, requires}: Pick<Branch, 'steps' | 'requires'>): readonly Blocked[] {
  return steps.flatMap((step) => {
    if (step.kind !== 'rule' || !DENIED.has(step.effect)) return []
    const [between = '', , advice] = step.because
    const conditions = requires.map(({what}) => what)
    return [
      {
        who: step.name,
        between,
        end: `clients see a timeout${conditions.length === 0 ? '' : `, if ${listText(conditions)}`}`,
        advice: advice === undefined ? '' : `: ${advice}`,
        evidence: step.evidence,
      },
    ]
  })
}

/** As the node says that policies left nothing of a connection. */
const DENIED: ReadonlySet<string> = new Set(['ingress denied', 'egress denied'])

function findingOf(blocked: readonly Blocked[]): Finding {
  const [{who, advice, end} = {who: '', advice: '', end: ''}] = blocked
  const between = listText([...new Set(blocked.map((one) => one.between))].toSorted())
  const evidence = blocked.flatMap((one) => one.evidence)
  return {kind: 'connection-blocked', text: `${who} blocks what goes from ${between}${advice}; ${end}`, evidence}
}
