import {drawCase, runCase, shrink, type CaseId} from './case.js'
import type {Plan} from './plan.js'
import type {Failure, FromWorker, ToWorker} from './messages.js'
import type {Target} from './target.js'
import {targetNamed} from './targets/all.js'

/** One process of a run: every n-th case of every target, told to the parent before it begins and after it ends. */
process.on('message', (message: ToWorker) => {
  void runShare(message).then(() => process.disconnect())
})

async function runShare({plan, number, after}: ToWorker): Promise<void> {
  const reached = plan.targets.findIndex(({name}) => name === after?.target)
  for (const {name, count} of plan.targets.slice(Math.max(reached, 0))) {
    const target = targetNamed(name)
    const first = name === after?.target ? after.index + 1 : 0
    for (const index of indicesOf(plan, {number, count})) if (index >= first) await runOne(target, {seed: plan.seed, index})
  }
  tell({kind: 'done', peakBytes: process.resourceUsage().maxRSS * 1024})
}

function* indicesOf({only, workers}: Plan, {number, count}: {readonly number: number; readonly count: number}): Generator<number> {
  if (only !== undefined) yield only
  else for (let index = number; index < count; index += workers) yield index
}

async function runOne(target: Target, id: CaseId): Promise<void> {
  tell({kind: 'begin', target: target.name, index: id.index})
  const draft = drawCase(target, id)
  const result = await runCase(target, {id, draft})
  if (result.kind === 'held') {
    tell({kind: 'held', target: target.name, ending: result.ending})
    return
  }
  tell({kind: 'failed', failure: {...failureOf(target, {id, result}), draft: await shrink(target, {...result, id})}})
}

type Failed = Extract<Awaited<ReturnType<typeof runCase>>, {readonly kind: 'failed'}>

function failureOf(target: Target, {id, result}: {readonly id: CaseId; readonly result: Failed}): Failure {
  const {signature, message, draft} = result
  return {target: target.name, index: id.index, signature, message, draft}
}

function tell(message: FromWorker): void {
  process.send?.(message)
}
