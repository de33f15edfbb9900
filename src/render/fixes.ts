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
      'the policy that denies, or the ALLOW policies that came nearest (`not` lines) with the field that failed. Behind a waypoint the identity is that of the waypoint, not of the client; plaintext has none.',
    fix: 'Let an ALLOW policy of this target fit the identity, port, method and path of this request, or narrow the DENY policy that matched.',
  },
  'no-listener': {
    check:
      'what the reason says of a listener on that port: warming waits for something it refers to (a secret, routes, a filter), draining is being replaced or removed, a rejected update never came into force. Where it names none, nothing listens there.',
    fix: 'For a listener that warms, have the control plane deliver what it refers to; for one that drains, connect again later or record the dump again; for a rejected update, mend what its error names; else declare the port in the Service (or in the Gateway, for a gateway).',
  },
  'no-filter-chain': {
    check:
      'the address, port and server name of the connection against what the listener knows: `-v` lists what was compared or passed over, with the value that ruled it out.',
    fix: 'Dial an address and port that a Service or ServiceEntry declares, with the server name (SNI) and protocol it expects. A blackhole blocks on purpose: the ports of the proxies (15001, 15006, 15008), or destinations outside the registry.',
  },
  'no-route': {
    check: 'the host and path of the request against the domains and routes of the table: `-v` lists those that were passed over.',
    fix: 'Use a host the route table knows (often without the port, or fully qualified), or add a route for it that is bound to this waypoint or gateway.',
  },
  'no-healthy-upstream': {
    check:
      'what should stand behind this destination: ready pods with the labels of the selector or subset; outside the mesh, the endpoints or DNS name of the ServiceEntry.',
    fix: 'For a Service, bring up a ready pod that it selects, or relax the subset, locality or failover rule that leaves none; for a DNS name, see that the proxy can resolve it.',
  },
  'unknown-waypoint': {
    check:
      'whether the waypoint of the label `istio.io/use-waypoint` exists, in that namespace, and has an address and a ready pod: `kubectl get gateways,pods -A`.',
    fix: 'Create the waypoint (`istioctl waypoint apply`) or bring its pods up, correct the label and `istio.io/use-waypoint-namespace`, or remove the label.',
  },
  'unknown-gateway': {
    check: 'whether the network gateway of the other network is known here: the Gateway of class `istio-remote` and its address.',
    fix: 'Create or repair the remote Gateway of that network, and label it with `topology.istio.io/network`.',
  },
  'dangling-reference': {
    check:
      'the name that is referred to but not defined: `--evidence` gives the place of the reference. A blackhole that is not defined blocks all the same, and is meant to.',
    fix: 'For a blackhole, dial an address and port that the mesh serves; for any other name, record the dump again, and if the name is still missing, look in the log of istiod for what was rejected.',
  },
  'tls-failure': {
    check:
      'first whether both sides speak TLS, as the reason says; then the identity that was expected against the one that was presented, and the trust domain and root certificate of both.',
    fix: 'Where one side sends plaintext, use the port and protocol of the application, or the TLS mode that both sides share; where names differ, repair the service account or the names that are expected; else share the root certificate.',
  },
  'ip-mismatch': {
    check: 'the address in the tunnel against the address of the pod that got it: the client proxy may hold an endpoint that is gone.',
    fix: 'Wait for or force a configuration update of the client proxy; two workloads with the same address also lead here.',
  },
  refused: {
    check:
      'what the reason names: a port of the proxy itself (15001, 15006, 15008), a call of a proxy to itself, an application that does not listen at that address, or a pod that its ztunnel was not told of.',
    fix: 'Connect to a port of the application, which must listen on the address of its pod, and take the ports of the proxy out of the Service; where ztunnel does not know its own pod, see that it is connected to istiod (`istioctl proxy-status`).',
  },
  dropped: {
    check:
      'what the reason names: a packet rule, a NetworkPolicy, a route back that is missing, an address that nobody has, or a port that the Service does not declare.',
    fix: 'For an address or port, dial one that exists, or declare it in the Service; for a NetworkPolicy, add the port or the peer that the reason names to a rule of it (tunnels need TCP 15008, whatever the application has); for a packet rule or route, mend the redirection of that node: no policy of the mesh decides here.',
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
