import type {Place, WorkloadRef} from '../flow/forwarder.js'
import type {Outcome, Trace} from '../flow/trace.js'

/** `default/reviews-v1-abc`, or the bare name of what has no namespace. */
export function placeName(place: Pick<Place, 'name' | 'namespace'>): string {
  return place.namespace === undefined ? place.name : `${place.namespace}/${place.name}`
}

/** With `@cluster` behind it when the trace crosses clusters; in a single cluster that would be noise. */
export function placeNamer(trace: Trace): (place: Place) => string {
  const places = [...Object.values(trace.hops), ...Object.values(trace.outcomes)].map((at) => at.place)
  const isMultiCluster = new Set(places.flatMap((place) => place.cluster ?? [])).size > 1
  return (place) => placeName(place) + (isMultiCluster && place.cluster !== undefined ? `@${place.cluster}` : '')
}

/** The place beyond the last forwarder where a path ends; undefined when it ends inside that forwarder. */
export function endPlace(outcome: Outcome, last: Place | undefined): Place | undefined {
  const place = outcome.workload === undefined ? outcome.place : workloadPlace(outcome.workload, outcome.place)
  const isSame =
    last !== undefined &&
    place.kind === last.kind &&
    place.name === last.name &&
    place.namespace === last.namespace &&
    place.cluster === last.cluster
  return isSame ? undefined : place
}

function workloadPlace({name, namespace}: WorkloadRef, {cluster}: Place): Place {
  return {kind: 'app', name, namespace, ...(cluster === undefined ? {} : {cluster})}
}
