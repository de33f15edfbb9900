/**
 * Words that mean something to proxies, to Kubernetes or to this tool. A name made of them alone stays as it is, because
 * nobody could tell it from the format; it tells little, and a warning lists it.
 */
const FORMAT_WORDS = `
  admin address agent agentgateway all allow ambient api apis app apps audit authz
  canary client cluster com connect control controller core cert config configmap configmaps custom
  daemonset data default deny deploy deployment deployments dev disabled dns dry dryrun
  east eastwest eastwestgateway egress egressgateway enabled encap env envoy ext external
  false filter forward gateway gateways global gcp aws azure gke eks aks grpc h2 h2c hbone headless host hosts http http2 http3
  https
  inbound infra ingress ingressgateway inner int internal io ip istio istiod istioctl
  job k8s kind kiali kube kubernetes kubelet latest legacy lds cds eds rds sds local localhost log logs
  main mesh metrics mongo monitoring mysql namespace namespaces net network networking next no node nodes none ns
  on open operator org originate outbound outer passthrough path paths pilot plain plane pod pods policy pool port ports
  prometheus proxy public
  quic rbac redis remote replicaset request response root route router routes run
  sa security server service services serviceaccount serviceaccounts shared sidecar split spiffe stable stateful statefulset
  static stats status
  strict svc system tcp telemetry terminate termination test tls traffic true tunnel type udp uid unix user users
  v version vip virtual virtualservice waypoint web websocket west worker workload workloads www xds yes zipkin ztunnel zone zones
  lis clus fc pep auto binary compact mixer spiffe vs rule rules ns method authority scheme dry lookup wasm dir kill sock socket
  stdout var
  stream transform peer metadata exchange set mutation cors fault compressor decompressor original dst inspector tlv
  calico cilium cni coredns flannel jaeger Kubernetes
`

const WORDS: ReadonlySet<string> = new Set(FORMAT_WORDS.trim().split(/\s+/))

/** Whether a word stays: one of the formats, a version such as `v1` or `v1beta1`, or a number that counts something. */
export function isFormatWord(word: string): boolean {
  return WORDS.has(word) || /^(?:v\d+(?:(?:alpha|beta)\d+)?|\d{1,5})$/.test(word)
}

/** Names of types, extensions and filters: never the user's. */
export function isProtocolName(text: string): boolean {
  return PROTOCOL_NAME.test(text) || IDENTIFIER.test(text)
}

/** `raw_buffer`, `connect_originate`: Kubernetes allows no such names. */
const IDENTIFIER = /^[A-Za-z]+(?:_[A-Za-z]+)+$/
const WIRE_PREFIX = String.raw`type\.googleapis\.com\/|x-envoy-|x-forwarded-|x-b3-|envoy[./]|google\.|udpa\.|xds\.`
const MESH_PREFIX = String.raw`io\.istio\.|istio\.(?!io\/)|kubernetes\.io\/|\.?istio_`
const PROTOCOL_NAME = new RegExp(`^(?:${WIRE_PREFIX}|${MESH_PREFIX})[\\w.\\-/]*$`)

/** Keys of labels and annotations that Kubernetes and Istio define. */
export function isKnownLabel(key: string): boolean {
  return /^(?:[\w.-]+\.)?(?:istio\.io|k8s\.io|kubernetes\.io)\//.test(key) || OTHER_LABELS.has(key)
}

const OTHER_LABELS: ReadonlySet<string> = new Set(
  `pod-template-hash controller-revision-hash pod-template-generation k8s-app ambient-type ambient-proxy
  istio-injection istio app version`.split(/\s+/),
)

/** Fields whose text is of the format, whatever it says. */
export const FORMAT_FIELDS: ReadonlySet<string> = new Set([
  '@type',
  'type_url',
  'type_urls',
  'apiVersion',
  'kind',
  'category',
  'schemaVersion',
])

/** Fields that hold names and hosts, in inventories and in dumps of both proxies. */
export const NAME_FIELDS: ReadonlySet<string> = new Set(
  `namespace namespaces notNamespaces node nodeName localNode serviceAccount serviceAccountName serviceAccounts pod workloadName
  workload workloadUid
  canonicalName canonicalRevision generateName subdomain NAME NAMESPACE NODE_NAME SERVICE_ACCOUNT WORKLOAD_NAME CLUSTER_ID
  NETWORK MESH_ID
  REQUESTED_NETWORK_VIEW clusterId network region zone subzone trustDomain trust_domain host hosts hostname hostnames domains
  sni server_names
  host_redirect host_rewrite_literal hbone_target_address subset authorizationPolicies services gateways issuer audiences
  policyName serviceName service_account workload_name canonical_name cluster_id parentRefs backendRefs`
    .trim()
    .split(/\s+/),
)

/** Fields whose text may say what nobody but its owner should read. */
export const SECRET_FIELDS: ReadonlySet<string> = new Set(
  `inline_bytes private_key privateKey privateKeyProvider password token pem jwks
  client_secret hmac_secret token_secret stringData binaryData env args command image imageID containerID managedFields message
  serialNumber serial_number caBundle`
    .trim()
    .split(/\s+/),
)

/** Fields in which users match or write text that need not be a name. */
export const MATCH_FIELDS: ReadonlySet<string> = new Set(
  `exact prefix suffix contains regex exact_match prefix_match suffix_match contains_match safe_regex path path_separated_prefix
  path_template
  paths notPaths value values notValues prefix_rewrite path_redirect uri string route name provider_name substitution`
    .trim()
    .split(/\s+/),
)
