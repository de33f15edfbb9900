/** Names that 2022 generators give to chains and clusters, read only where no inventory tells more (envoy-2022 A.1, A.8, B.1). */

export interface ServiceChain {
  readonly identity: string
  readonly portName: string
  readonly host: string
}

const IDENTITY = String.raw`spiffe:\/\/[^/]+\/ns\/[^/]+\/sa\/[^/_~]+`
const SERVICE_CHAIN = new RegExp(`^(${IDENTITY})_to_([^_]*)_(.+)_outbound_internal$`)
const SOURCE_OF_CHAIN = new RegExp(`^(?:(${IDENTITY})_to_|_to_client_(?:waypoint_proxy|pep)_(${IDENTITY})$)`)
const TO_WAYPOINT = new RegExp(`_to_(?:server|client)_(?:waypoint_proxy|pep)_(${IDENTITY})$`)
const SECRET = new RegExp(`^(${IDENTITY})(?:~([^~]+)~([^~]+))?$`)

/** `<identity>_to_<port name>_<host>_outbound_internal`. */
export function parseServiceChain(name: string): ServiceChain | undefined {
  const [, identity, portName, host] = SERVICE_CHAIN.exec(name) ?? []
  return identity === undefined || portName === undefined || host === undefined ? undefined : {identity, portName, host}
}

/** The identity that a chain of the outbound listener belongs to. */
export function sourceOfChain(name: string): string | undefined {
  const match = SOURCE_OF_CHAIN.exec(name)
  return match?.[1] ?? match?.[2]
}

/** The waypoint identity in `…_to_server_waypoint_proxy_<identity>`; `pep` before 2022-09-02. */
export function waypointOfCluster(name: string): string | undefined {
  return TO_WAYPOINT.exec(name)?.[1]
}

/** `<identity>`, or `<identity>~<pod>~<uid>` before 2022-10-21. */
export function parseSecretName(name: string): {readonly identity: string; readonly pod?: string} | undefined {
  const [, identity, pod] = SECRET.exec(name) ?? []
  return identity === undefined ? undefined : {identity, ...(pod === undefined ? {} : {pod})}
}

/** `direction|port|subset|host`. */
export function parseSubsetKey(
  name: string,
): {readonly direction: string; readonly port: number; readonly subset: string; readonly host: string} | undefined {
  const [direction, port, subset, host, ...rest] = name.split('|')
  if (direction === undefined || port === undefined || subset === undefined || host === undefined || rest.length > 0) return undefined
  return /^\d{1,5}$/.test(port) ? {direction, port: Number(port), subset, host} : undefined
}

/** Namespace and service account of `spiffe://<trust domain>/ns/<namespace>/sa/<account>`. */
export function parseIdentity(
  identity: string,
): {readonly trustDomain: string; readonly namespace: string; readonly serviceAccount: string} | undefined {
  const [, trustDomain, namespace, serviceAccount] = /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity) ?? []
  return trustDomain === undefined || namespace === undefined || serviceAccount === undefined
    ? undefined
    : {trustDomain, namespace, serviceAccount}
}
