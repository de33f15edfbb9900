import {parsePod, type ClusterAccess} from './kubectl-arguments.js'

/** A pod, or what controls pods, as it was named. */
export interface Wanted {
  readonly kind: 'pod' | 'controller'
  readonly name: string
  readonly namespace: string | undefined
}

const CONTROLLERS = /^(?:deploy|deployment|ds|daemonset|sts|statefulset)\/([^/]*)$/

/** Reads how a pod is named. @throws UsageError when a name is none Kubernetes allows, or namespaces differ. */
export function parseWanted({pod, access}: {readonly pod: string; readonly access: ClusterAccess}): Wanted {
  const controller = CONTROLLERS.exec(pod)?.[1]
  const {pod: name, namespace} = parsePod(controller ?? pod, access.namespace)
  return {kind: controller === undefined ? 'pod' : 'controller', name, namespace}
}
