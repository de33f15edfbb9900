import type {JudgedScenario} from './batch.js'
import type {Disagreement} from './judge.js'
import type {Probe} from './probe.js'
import type {Scenario} from './scenario.js'
import type {Counterexample} from './shrink.js'

/** One line per family, with how sure the engine was. */
export function familyLine({name, judged, seconds}: {name: string; judged: readonly JudgedScenario[]; seconds: number}): string {
  const judgements = judged.flatMap((one) => one.judgements)
  const count = (certainty: string): number => judgements.filter((one) => one.certainty === certainty).length
  const wrong = judgements.filter(({disagreement}) => disagreement !== undefined).length
  const verdict = wrong === 0 ? 'ok    ' : 'FAILED'
  const certain = `${count('one')} certain, ${count('random')} random, ${count('conditional')} conditional, ${count('open')} open`
  return `${verdict} ${name}: ${judgements.length} decisions on ${judged.length} listeners (${certain}), ${wrong} disagreements, ${seconds.toFixed(1)} s`
}

interface Found {
  readonly family: string
  readonly place: number
  readonly smallest: Counterexample | undefined
  readonly first: JudgedScenario | undefined
}

/** The smallest scenario that disagrees, with both accounts of it. */
export function counterexampleText({family, place, smallest, first}: Found): string {
  if (smallest !== undefined) return [`  ${family}, scenario ${place}, shrunk:`, ...details(smallest)].join('\n')
  const found = first?.judgements.find(({disagreement}) => disagreement !== undefined)
  const lines =
    first === undefined || found?.disagreement === undefined
      ? []
      : details({...found, scenario: first.scenario, disagreement: found.disagreement})
  return [`  ${family}, scenario ${place}, not shrunk, or not seen again in an Envoy of its own:`, ...lines].join('\n')
}

function details({scenario, probe, disagreement}: {scenario: Scenario; probe: Probe; disagreement: Disagreement}): string[] {
  const {why, observed, predicted} = disagreement
  return [
    `    ${why}`,
    `    Envoy:    ${JSON.stringify(observed)}`,
    ...predicted.slice(0, 6).map((candidate) => `    engine:   ${JSON.stringify(candidate)}`),
    `    probe:    ${JSON.stringify(probe)}`,
    `    listener: ${JSON.stringify(scenario.listener)}`,
    ...(scenario.clusters.length === 0 ? [] : [`    clusters: ${JSON.stringify(scenario.clusters)}`]),
    ...(scenario.behind.length === 0 ? [] : [`    behind:   ${JSON.stringify(scenario.behind)}`]),
  ]
}
