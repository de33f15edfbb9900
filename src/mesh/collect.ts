/** What brings the lists of pods, services and nodes that a snapshot's inventory holds (README, "On a cluster"). */
export const COLLECT_INVENTORY = 'kubectl get pods,services,endpointslices,nodes,namespaces -A -o json'

/** What brings the dump of one proxy. */
export const COLLECT_ZTUNNEL = 'ambientctl dump POD, with the ztunnel pod of that node'
