import type {VerdictKind} from '../flow/verdict.js'

/** What a reader of a bad verdict should look at, and what usually mends it. */
export interface Fix {
  readonly check: string
  readonly fix: string
}

/** `responded` counts as well: a status of 400 and above is not what a client wants. */
export type FixableKind = Exclude<VerdictKind, 'delivered' | 'passthrough' | 'undetermined'>

const FIXES: Readonly<Record<FixableKind, Fix>> = {
  responded: {
    check: 'the route that answers by itself: `-v` names it, with the routes that were passed over.',
    fix: 'Send the request the route expects (host, path, headers, scheme), or change the VirtualService or HTTPRoute behind that route.',
  },
  denied: {
    check:
      'the policy named above and the identity this hop sees: behind a waypoint that is the identity of the waypoint, not of the client.',
    fix: 'Allow the identity, port, method and path of this request in an ALLOW policy of that namespace or target, or narrow the DENY policy that matched.',
  },
  'no-listener': {
    check: 'whether the proxy listens on the address and port that was reached: `ambientctl show listeners`.',
    fix: 'Declare the port in the Service (or in the Gateway, for a gateway), and check that the proxy has received its newest configuration.',
  },
  'no-filter-chain': {
    check:
      'which addresses, ports and server names the listener knows: `-v` lists the filter chains that were passed over, with the field that ruled each out.',
    fix: 'Connect to an address and port the listener knows, or send the server name (SNI) and protocol it expects; a ServiceEntry may list only its first address.',
  },
  'no-route': {
    check: 'the host and path of the request against the domains and routes of the table: `-v` lists those that were passed over.',
    fix: 'Use a host the route table knows (often without the port, or fully qualified), or add a route for it that is bound to this waypoint or gateway.',
  },
  'no-healthy-upstream': {
    check: 'the endpoints of the service: ready pods, matching labels, the target port and the locality or subset rules.',
    fix: 'Bring up a ready pod that the Service selector (or the subset) matches, or relax the traffic distribution or failover rule that leaves no endpoint.',
  },
  'unknown-waypoint': {
    check:
      'whether the waypoint of the label `istio.io/use-waypoint` exists, in that namespace, and has an address: `kubectl get gateway -A`.',
    fix: 'Create the waypoint (`istioctl waypoint apply`), correct the label and `istio.io/use-waypoint-namespace`, or remove the label.',
  },
  'unknown-gateway': {
    check: 'whether the network gateway of the other network is known here: the Gateway of class `istio-remote` and its address.',
    fix: 'Create or repair the remote Gateway of that network, and label it with `topology.istio.io/network`.',
  },
  'dangling-reference': {
    check: 'the name that is referred to but not defined: `--evidence` gives the place of the reference.',
    fix: 'Check that the proxy has received its newest configuration; if the name is still missing, restart the proxy and report the configuration to Istio.',
  },
  'tls-failure': {
    check: 'the identity that was expected against the one that was presented, and the trust domain and root certificate of both sides.',
    fix: 'Let the endpoint run under the expected service account, repair the expected names (subjectAltNames, ServiceEntry), or share the root certificate.',
  },
  'ip-mismatch': {
    check: 'the address in the tunnel against the address of the pod that got it: the client proxy may hold an endpoint that is gone.',
    fix: 'Wait for or force a configuration update of the client proxy; two workloads with the same address also lead here.',
  },
  refused: {
    check: 'the port and method that was used: the ports of the proxy itself and calls of a proxy to itself are refused.',
    fix: 'Connect to a port of the application; take the ports 15001, 15006 and 15008 out of the Service.',
  },
  dropped: {
    check: 'the packet rule that dropped it: `ambientctl capture` walks the rules of the node or pod one by one.',
    fix: 'Remove or reorder the rule; a NetworkPolicy must let TCP port 15008 through between captured pods.',
  },
  loop: {
    check: 'the hop that comes twice with the same connection: a proxy that is sent back to itself.',
    fix: 'Take the waypoint or gateway out of its own route or `use-waypoint` label, and do not capture its own outbound traffic.',
  },
}

/** The entry of the fix catalogue; undefined for what needs no mending (or cannot be told). */
export function fixFor(kind: VerdictKind): Fix | undefined {
  return isFixable(kind) ? FIXES[kind] : undefined
}

function isFixable(kind: VerdictKind): kind is FixableKind {
  return Object.hasOwn(FIXES, kind)
}
