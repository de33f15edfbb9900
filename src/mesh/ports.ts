import type {ContainerPort, ServicePort} from '../flow/inventory.js'
import type {MeshService, Workload} from './directory.js'
import {found, type Resolution} from './resolution.js'
import {similarNames} from './similar-names.js'

/** A TCP port with what its declaration says about the protocol. */
export interface NumberedPort {
  readonly port: number
  /** Name of the service port or container port. */
  readonly name?: string
  readonly appProtocol?: string
}

/** A port of a service by number or name; without a text its only TCP port. A number that the service does not declare may be dialled all the same. */
export function servicePort(service: MeshService, text: string | undefined): Resolution<NumberedPort> {
  return portNamed({
    text,
    owner: service.host,
    declared: service.ports.filter(isTcp).map((port) => ({
      port: port.port,
      ...named(port.name),
      ...(port.appProtocol === undefined ? {} : {appProtocol: port.appProtocol}),
    })),
  })
}

/** A port of a pod by number or container port name; without a text its only declared TCP port. */
export function podPort(workload: Workload, text: string | undefined): Resolution<NumberedPort> {
  const declared = (workload.containerPorts ?? []).filter(isTcp).map((port) => ({port: port.port, ...named(port.name)}))
  return portNamed({text, owner: `${workload.namespace}/${workload.name}`, declared})
}

function portNamed({
  text,
  owner,
  declared,
}: {
  readonly text: string | undefined
  readonly owner: string
  readonly declared: readonly NumberedPort[]
}): Resolution<NumberedPort> {
  if (text === undefined) return onlyPort(owner, declared)
  const number = /^\d{1,5}$/.test(text) ? Number(text) : undefined
  if (number !== undefined && number > 0 && number <= 65_535) return found(declared.find(({port}) => port === number) ?? {port: number})
  const byName = declared.find(({name}) => name === text)
  if (byName !== undefined) return found(byName)
  const names = declared.flatMap(({name}) => name ?? [])
  return {
    kind: 'unknown',
    text: `${owner}:${text}`,
    why: `no TCP port of ${owner} has this name or number`,
    suggestions: similarNames(text, names).map((name) => `${owner}:${name}`),
  }
}

function onlyPort(owner: string, declared: readonly NumberedPort[]): Resolution<NumberedPort> {
  const [only] = declared
  if (only !== undefined && declared.length === 1) return found(only)
  if (declared.length === 0) {
    return {kind: 'unknown', text: owner, why: `${owner} declares no TCP port, so the port must be given`, suggestions: []}
  }
  return {kind: 'ambiguous', text: owner, candidates: declared.map(({port}) => `${owner}:${port}`)}
}

function isTcp(port: ContainerPort | ServicePort): boolean {
  return port.protocol === 'TCP'
}

function named(name: string | undefined): {name?: string} {
  return name === undefined || name === '' ? {} : {name}
}
