import {describeFailure, isExpectedError} from '../../src/flow/errors.js'
import {renderFailure, renderFailureJson} from '../../src/render/failure.js'
import {createTheme} from '../../src/render/theme.js'
import {demandPrintable} from './promises.js'

/** How a case ended, if all promises held: the names of its verdicts or errors, and the work it took. */
export interface Ending {
  readonly kinds: readonly string[]
  readonly work: number
}

const PLAIN = createTheme(0)

/** An answer, or the clear error instead of one. Everything else is thrown on. */
export async function expecting(ask: () => Promise<Ending> | Ending): Promise<Ending> {
  try {
    return await ask()
  } catch (thrown) {
    if (!isExpectedError(thrown)) throw thrown
    const failure = describeFailure(thrown)
    demandPrintable(renderFailure(failure, PLAIN), 'an error')
    demandPrintable(renderFailureJson(failure), 'an error in JSON')
    return {kinds: [`${failure.kind} error`], work: 0}
  }
}

export function joinEndings(endings: readonly Ending[]): Ending {
  return {kinds: endings.flatMap(({kinds}) => kinds), work: endings.reduce((sum, {work}) => sum + work, 0)}
}
