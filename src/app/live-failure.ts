import {ClusterError} from '../cluster/kubectl-failure.js'

/** Whoever has no cluster at hand learns what else can be asked. */
export async function orRecorded<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof ClusterError) || error.reason === 'stopped') throw error
    const {reason, message, where, got, help} = error
    const otherwise = 'Without a cluster: --snapshot DIR reads what `ambientctl record DIR` left, --demo NAME what is shipped.'
    throw new ClusterError({
      reason,
      what: message,
      command: [where ?? 'kubectl'],
      exit: got,
      help: [help, otherwise].join(' ').trim(),
      cause: error,
    })
  }
}
