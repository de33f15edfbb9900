import type {Pod} from '../../../src/flow/inventory.js'

/** A pod of the host network with one label, as agents of network plugins are. */
export function agent({key, value, node}: {readonly key: string; readonly value: string; readonly node: string}): Pod {
  return {
    name: `${value}-x`,
    namespace: 'kube-system',
    labels: new Map([[key, value]]),
    annotations: new Map(),
    recorded: {file: 'inventory/pods.json', pointer: '/items/0'},
    ips: [],
    node,
    hostNetwork: true,
    serviceAccount: 'default',
    containerPorts: [],
  }
}
