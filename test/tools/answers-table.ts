/** What a user asked in public, and where the first lines of the output answer it. */
export interface Answer {
  /** Its number in the list of what users asked. */
  readonly pain: string
  /** One sentence. */
  readonly asks: string
  /** Where it was asked. */
  readonly threads: string
  /** A case of fixtures/check.yaml. */
  readonly case: string
  /** The call, where it is not the one of the case. */
  readonly command?: string
  /** Must stand within the first five lines, at 80 columns and at 110. */
  readonly phrase: string
}

export const ANSWERS: readonly Answer[] = [
  {
    pain: 'P1',
    asks: 'service traffic skips the waypoint that its namespace asks for',
    threads: 'istio#61527',
    case: 'answers/p01-waypoint-lost',
    phrase: 'no waypoint: ztunnel knows none for service bookinfo/details',
  },
  {
    pain: 'P2',
    asks: 'why does a workload have no waypoint when its service has one, or the other way round?',
    threads: 'istio#57764, istio#52527',
    case: 'ga/workload-waypoint-service',
    phrase: 'addressed by VIP: the service has no waypoint, and data/db-wl of its pods does not count',
  },
  {
    pain: 'P3',
    asks: 'who can go round the waypoint?',
    threads: 'istio.io#17520',
    case: 'ga/pod-address',
    phrase: 'waypoint bookinfo/waypoint bypassed: none of its routes and L7 policies applies',
  },
  {
    pain: 'P4',
    asks: 'why is the waypoint of the client not used?',
    threads: 'istio#50522',
    case: 'answers/p04-client-side-waypoint',
    phrase: "waypoint bookinfo/waypoint of the client's side is not passed: ambient waypoints act for the destination only",
  },
  {
    pain: 'P5',
    asks: 'a client outside the mesh loses L7 routing',
    threads: 'istio#44534',
    case: 'ga/uncaptured-vip',
    phrase: 'uncaptured client: kube-proxy has already turned the VIP into a pod address',
  },
  {
    pain: 'P6',
    asks: 'a sidecar client goes past the waypoint',
    threads: 'istio#57213',
    case: 'ga/sidecar-client',
    phrase: 'sidecar client: it balances by itself and goes straight to the pods',
  },
  {
    pain: 'P7',
    asks: 'an ingress gateway goes past the waypoint',
    threads: 'istio#51214, istio#60985',
    case: 'ga/ingress-no-waypoint',
    phrase: 'gateway goes straight to the pods, waypoint mesh/wp is bypassed',
  },
  {
    pain: 'P8',
    asks: 'egress goes straight from ztunnel, whatever REGISTRY_ONLY says',
    threads: 'istio#54896, istio#54981, istio#60781',
    case: 'ga/passthrough',
    phrase: 'no service and no workload matches 192.0.2.7:8080: passed through in plaintext',
  },
  {
    pain: 'P9',
    asks: 'where is my policy enforced?',
    threads: 'istio#43576, istio#53723',
    case: 'ga/policy-pins-waypoint',
    phrase: 'policy bookinfo/productpage-viewer is enforced NOWHERE on this way',
  },
  {
    pain: 'P10',
    asks: 'everything is denied after adding a waypoint',
    threads: 'istio#44671',
    case: 'ga/wrong-identity',
    phrase: 'destination ztunnel sees the waypoint, not the client',
  },
  {
    pain: 'P11',
    asks: 'an L7 policy became "deny all" at ztunnel',
    threads: 'istio#58316, istio#44554, istio#45502',
    case: 'answers/p11-empty-allow',
    phrase: 'policy infra/l7-allow-at-l4 is only half at ztunnel',
  },
  {
    pain: 'P12',
    asks: 'do L4 policies apply to the waypoint itself?',
    threads: 'istio#54718',
    case: 'answers/p12-tunnel-policy',
    phrase: 'denied at connect_terminate: the waypoint refuses the tunnel itself',
  },
  {
    pain: 'P13',
    asks: 'connections time out under NetworkPolicies',
    threads: 'ztunnel#1229, istio#52742, istio#51034',
    case: 'answers/p13-network-policy',
    phrase: 'NetworkPolicy orchard/cider-port blocks HBONE, which needs TCP 15008',
  },
  {
    pain: 'P14',
    asks: 'the application refuses, and ztunnel is blamed',
    threads: 'istio#53696',
    case: 'answers/p14-target-port',
    phrase: 'last mesh hop delivers to 10.12.1.40:7001 (service port 80 → target port 7001)',
  },
]
