import type {Branch} from '../branch.js'
import type {Passage} from '../context.js'

/**
 * What Envoy answers itself to a gRPC request is HTTP 200 with a grpc-status: the status that was meant shows in the verdict only.
 * Source: http/utility.cc prepareLocalReply.
 */
export function answersInGrpc(passages: readonly Branch<Passage>[]): readonly Branch<Passage>[] {
  return passages.map((branch) => ({...branch, value: inGrpc(branch.value)}))
}

function inGrpc(passage: Passage): Passage {
  const {end, log} = passage
  if (end.kind !== 'stop' || end.answer.kind !== 'http') return passage
  return {end: {...end, answer: {...end.answer, status: 200}}, log: {...log, code: 200}}
}
