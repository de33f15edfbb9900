/** What a user asked in public, and where the first lines of the output answer it. */
export interface Answer {
  /** Its number in the list of what users asked. */
  readonly pain: string
  /** One sentence. */
  readonly asks: string
  /** Where it was asked. */
  readonly threads: string
  /** A case of fixtures/check.yaml; absent for what is asked of a live cluster. */
  readonly case?: string
  /** The shipped snapshot for which kubectl answers, as of pods that hold no programs. */
  readonly distrolessCluster?: string
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
    pain: 'P3',
    asks: 'is a waypoint that is not ready gone round?',
    threads: 'istio.io#17520',
    case: 'ga/unknown-waypoint',
    phrase: 'waypoint orchard/hole has no ready pod (0 endpoints): ztunnel fails every connection, it never goes round a waypoint',
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
  {
    pain: 'P15',
    asks: 'endpoints of a dump of 2022 have no name of their cluster',
    threads: 'istio#42022',
    case: 'nameless/l4',
    phrase: 'endpoint assignments of ztunnel istio-system/ztunnel-fd61f have no cluster_name (istio#42022): joined by what they hold',
  },
  {
    pain: 'P16',
    asks: 'why does a dump show no endpoints?',
    threads: 'istio#54979',
    case: 'gaps/endpoints-not-collected',
    phrase: 'lacks EDS: collect it again with ?include_eds',
  },
  {
    pain: 'P17',
    asks: 'distroless proxies hold no curl: how is a dump collected?',
    threads: 'istio#17484, istio#4494, istio#48088',
    distrolessCluster: 'ga-bookinfo',
    command: 'ambientctl record recorded',
    phrase: 'proxies asked: 5 by port-forward',
  },
  {
    pain: 'P18',
    asks: 'do all ztunnels know the same?',
    threads: 'istio#47917',
    case: 'answers/p18-drift',
    phrase: 'ztunnels disagree on the waypoint of service bookinfo/details: bookinfo/waypoint at node-a, none at node-b',
  },
  {
    pain: 'P19',
    asks: 'ztunnel fails with "failed to fetch information about local workload"',
    threads: 'istio#54889, istio#57674, istio#61374',
    case: 'answers/p19-unknown-client',
    phrase: 'pod bookinfo/sleep-8c86c414b3-23f84 is not among the workloads that the ztunnel of its node (node-a) knows',
  },
  {
    pain: 'P20',
    asks: 'two workloads share one address',
    threads: 'istio#54338',
    case: 'answers/p20-shared-address',
    phrase: 'address 10.244.2.22 is that of 2 pods: bookinfo/details-v1-befd3fe979-e8a82 and bookinfo/ratings-v1-f9fd811a34-19c69',
  },
  {
    pain: 'P21',
    asks: '"peer did not present the expected SAN" across clusters',
    threads: 'istio#60626, istio#58630, istio#61609',
    case: 'answers/p21-other-names',
    phrase: 'expected SAN spiffe://cluster.local/ns/shop/sa/cart-old, presented spiffe://cluster.local/ns/shop/sa/cart',
  },
  {
    pain: 'P22',
    asks: 'endpoints lead to an internal listener that the proxy does not have',
    threads: 'istio#61725',
    case: 'answers/p22-internal-listener',
    phrase: 'cluster inbound-vip|80|http|stock.shop.svc.cluster.local → envoy://inner_connect_originate (no such listener in waypoint',
  },
  {
    pain: 'P23',
    asks: 'the waypoint knows only the first address of a ServiceEntry',
    threads: 'istio PR#57656',
    case: 'answers/p23-second-address',
    phrase: 'main_internal of waypoint egress/egress-gw-830bd7022c-97d12 matches no filter chain for 203.0.113.11:5432',
  },
  {
    pain: 'P24',
    asks: 'which policy is PeerAuthentication STRICT, and why does it refuse this client?',
    threads: 'istio#53884, istio#52874, ztunnel#792',
    case: 'ga/strict',
    phrase:
      'PeerAuthentication infra/open-ports wants mTLS here: ztunnel has it as DENY policy infra/converted_peer_authentication_open-ports',
  },
  {
    pain: 'P25',
    asks: 'a waypoint to which nothing is bound',
    threads: 'istio#50249, istio#50849',
    case: 'ga/no-waypoint',
    phrase: 'waypoint bookinfo/waypoint: 0 services and 0 workloads bound',
  },
  {
    pain: 'P25',
    asks: 'a waypoint that is for other traffic',
    threads: 'istio#50849',
    case: 'answers/p25-waypoint-for',
    phrase:
      'no waypoint for service bookinfo/details: Gateway bookinfo/waypoint is for workloads only (label istio.io/waypoint-for=workload',
  },
  {
    pain: 'P25',
    asks: 'a waypoint answers 503',
    threads: 'istio#54496, istio#56991',
    case: 'ga/no-endpoints',
    phrase: 'service orchard/bare has no endpoints; 503: route default → cluster',
  },
  {
    pain: 'P26',
    asks: 'nothing tells that no service matched',
    threads: 'istio#58786',
    case: 'ga/passthrough',
    phrase: 'no service and no workload matches 192.0.2.7:8080',
  },
  {
    pain: 'P27',
    asks: 'who uses a waypoint of another namespace?',
    threads: 'istio#57661, istio#57351, istio.io#16781',
    case: 'ga/tls',
    phrase: 'waypoint infra/shared of another namespace serves app/shop; it is bound to 3 services of namespace app',
  },
  {
    pain: 'P28',
    asks: 'a client cannot know what is behind the gateway of another network',
    threads: 'istio#57537',
    case: 'ga/one-network-known',
    phrase: 'UNDETERMINED beyond network gateway 192.0.2.22 of net-beta: no snapshot of the cluster behind it',
  },
]
