import type {LayerResult} from './compare.js'

/** The table of docs/conformance.md. */
export function conformancePage(results: readonly LayerResult[]): string {
  return [
    '# Conformance',
    '',
    'What the engines predict for recordings of real components, written by `npm run conformance`. A case passes when the recorded connection is',
    'among the predicted outcomes on every compared field, and, where it was repeated, nothing was seen that was not predicted and the shares fit',
    '(within 4.5 standard deviations of a binomial sample; plus 0.05 where Envoy chose, which does not draw each time anew).',
    '',
    '| layer | cases | as recorded | known gaps | differ | no engine yet |',
    '|---|---|---|---|---|---|',
    ...results.map((result) => layerRow(result)),
    '',
    ...results.filter((result) => result.undetermined === 0).flatMap((result) => scenarioTable(result)),
    'Known gaps stand in [known-gaps.md](known-gaps.md), each with its cause and how one would notice.',
    '',
  ].join('\n')
}

function layerRow(result: LayerResult): string {
  const total = result.passed + result.failed.length + result.known.length + result.undetermined
  return `| ${result.layer} | ${total} | ${result.passed} | ${result.known.length} | ${result.failed.length} | ${result.undetermined} |`
}

function scenarioTable(result: LayerResult): string[] {
  const rows = [...result.scenarios].map(([scenario, {passed, total}]) => `| ${scenario} | ${passed} of ${total} |`)
  return [`## ${result.layer}`, '', '| scenario | as recorded |', '|---|---|', ...rows, '']
}
