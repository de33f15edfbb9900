import {Flags} from '@oclif/core'
import {TRANSPORTS} from '../cluster/transport.js'

const CLUSTER = 'CLUSTER'

/** How a live cluster is reached; the same in every command that asks one. */
export const clusterFlags = {
  context: Flags.string({description: 'Context of the kubeconfig.', helpGroup: CLUSTER}),
  kubeconfig: Flags.string({description: 'The kubeconfig.', helpGroup: CLUSTER, helpValue: 'FILE'}),
  transport: Flags.option({
    description: 'The only way to take into a pod (default: what works).',
    helpGroup: CLUSTER,
    options: TRANSPORTS,
  })(),
  timeout: Flags.integer({description: 'Seconds one kubectl may take.', default: 60, min: 1, max: 3600, helpGroup: CLUSTER}),
}
