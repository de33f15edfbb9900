import {z} from 'zod'
import {istiodObserved, istiodPredicted, type AccessLine, type IstiodOutcome} from './istiod-case.js'
import {gatewayObserved} from './istiod-gateway-case.js'
import {compareGateway} from './istiod-gateway-compare.js'

export interface Comparison {
  readonly ok: boolean
  readonly why?: string
}

/** The one real connection must be among the outcomes, or its error among the errors; gateways and sidecars log rows of their own. */
export function compare(predicted: unknown, recorded: unknown): Comparison {
  const observed = z.union([istiodObserved, gatewayObserved]).parse(recorded)
  return 'access' in observed ? compareAccess(predicted, observed.access) : compareGateway(predicted, observed)
}

function compareAccess(predicted: unknown, access: readonly AccessLine[]): Comparison {
  const prediction = istiodPredicted.parse(predicted)
  if ('undetermined' in prediction) return {ok: false, why: `undetermined: ${prediction.undetermined}`}
  const {outcomes, errors} = prediction
  const wrong = access.find((line) => !errors.some(({error}) => error === line.error) && !outcomes.some((outcome) => isThis(outcome, line)))
  return wrong === undefined ? {ok: true} : {ok: false, why: `observed ${JSON.stringify(wrong)}, predicted ${JSON.stringify(prediction)}`}
}

function isThis(outcome: IstiodOutcome, line: AccessLine): boolean {
  return (
    outcome.actualDestination === line['dst.addr'] &&
    (outcome.hboneTargetDestination ?? undefined) === line['dst.hbone_addr'] &&
    (outcome.workloadName ?? undefined) === line['dst.workload'] &&
    sameService(outcome.intendedDestinationService, line['dst.service']) &&
    sameIdentities(outcome.upstreamSans, line.error)
  )
}

/** The log names the host of a service, without its namespace. */
function sameService(key: string | null, host: string | undefined): boolean {
  return key === null ? host === undefined : key.slice(key.indexOf('/') + 1) === host
}

/** The dialled pods do not exist: whoever answered was refused with the list of identities ztunnel wanted. */
function sameIdentities(identities: readonly string[], error: string | undefined): boolean {
  const wanted = /expected SAN \(([^)]*)\)/.exec(error ?? '')?.[1]
  if (wanted === undefined) return true
  const listed = new Set(wanted.split(','))
  return listed.size === new Set(identities).size && identities.every((identity) => listed.has(identity))
}
