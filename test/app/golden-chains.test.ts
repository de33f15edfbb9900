import {describe, expect, it} from 'vitest'
import {traceQuestion} from '../../src/app/trace.js'
import {firstPath} from './chain.js'
import {openScenario, type Scenario} from './scenario.js'

/** envoy-2022 B.8, hop by hop, with the pods and addresses of the recorded clusters. `@x` is the identity of service account x. */
const CHAINS: readonly {what: string; scenario: Scenario; source: string; destination: string; path: readonly string[]}[] = [
  {
    what: 'L4 to another node: HBONE from the ztunnel’s own address',
    scenario: 'gke-sleep-productpage',
    source: 'sleep',
    destination: 'productpage',
    path: [
      'app sleep-a18322dedc-714a8 | 10.8.14.40:9080 from 10.4.4.19',
      'node gke-ambient-default-pool-2b1c-6gq1 | 10.8.14.40:9080 from 10.4.4.19 | captured to 10.4.4.18:15001',
      'ztunnel ztunnel-fd61f | 10.8.14.40:9080 from 10.4.4.19 | ztunnel_outbound | @sleep_to_http_productpage.default.svc.cluster.local_outbound_internal | @sleep_to_http_productpage.default.svc.cluster.local_outbound_internal',
      'ztunnel ztunnel-fd61f | envoy://outbound_tunnel_lis_@sleep/10.4.1.39:9080 | outbound_tunnel_lis_@sleep | outbound_tunnel_clus_@sleep',
      'node gke-ambient-default-pool-2b1c-6gq1 | 10.4.1.39:15008 from 10.4.4.18 CONNECT 10.4.1.39:9080 (10.4.1.39:9080) as @sleep | passes',
      'node gke-ambient-default-pool-2b1c-9kz4 | 10.4.1.39:15008 from 10.4.4.18 CONNECT 10.4.1.39:9080 (10.4.1.39:9080) as @sleep | captured to 10.4.1.37:15008',
      'ztunnel ztunnel-51d04 | 10.4.1.39:15008 from 10.4.4.18 CONNECT 10.4.1.39:9080 (10.4.1.39:9080) as @sleep | ztunnel_inbound | inbound_10.4.1.39 | virtual_inbound',
      'node gke-ambient-default-pool-2b1c-9kz4 | 10.4.1.39:9080 from 10.4.4.18 | passes',
      'app productpage-v1-73e0602b85-ec5b8 | 10.4.1.39:9080 from 10.4.4.18',
      '=> delivered productpage-v1-73e0602b85-ec5b8',
    ],
  },
  {
    what: 'L4 on the same node: port 15088, redirected inside the ztunnel pod',
    scenario: 'kind-bookinfo-l4',
    source: 'sleep',
    destination: 'productpage',
    path: [
      'app sleep-db8386fb45-b640f | 10.96.4.48:9080 from 10.244.2.8',
      'node ambient-worker2 | 10.96.4.48:9080 from 10.244.2.8 | captured to 10.244.2.19:15001',
      'ztunnel ztunnel-a582b | 10.96.4.48:9080 from 10.244.2.8 | ztunnel_outbound | @sleep_to_http_productpage.default.svc.cluster.local_outbound_internal | @sleep_to_http_productpage.default.svc.cluster.local_outbound_internal',
      'ztunnel ztunnel-a582b | envoy://outbound_tunnel_lis_@sleep/10.244.2.3:9080 | outbound_tunnel_lis_@sleep | outbound_tunnel_clus_@sleep',
      'node ambient-worker2 | 10.244.2.3:15088 from 10.244.2.19 CONNECT 10.244.2.3:9080 (10.244.2.3:9080) as @sleep | captured to 127.0.0.1:15008',
      'ztunnel ztunnel-a582b | 10.244.2.3:15088 from 10.244.2.19 CONNECT 10.244.2.3:9080 (10.244.2.3:9080) as @sleep | ztunnel_inbound | inbound_10.244.2.3 | virtual_inbound',
      'node ambient-worker2 | 10.244.2.3:9080 from 10.244.2.19 | passes',
      'app productpage-v1-298aa9f094-19151 | 10.244.2.3:9080 from 10.244.2.19',
      '=> delivered productpage-v1-298aa9f094-19151',
    ],
  },
  {
    what: 'L7 through the waypoint, which sees the client’s address; the last ztunnel sees the waypoint’s identity',
    scenario: 'sep2022-bookinfo-waypoint',
    source: 'sleep',
    destination: 'productpage',
    path: [
      'app sleep-7837be5766-0d325 | 10.8.4.226:9080 from 10.4.2.20',
      'node gke-ambient-default-pool-7d1f-0b2c | 10.8.4.226:9080 from 10.4.2.20 | captured to 10.4.2.19:15001',
      'ztunnel ztunnel-637c3 | 10.8.4.226:9080 from 10.4.2.20 | ztunnel_outbound | @sleep_to_server_waypoint_proxy_@bookinfo-productpage | @sleep_to_server_waypoint_proxy_@bookinfo-productpage',
      'node gke-ambient-default-pool-7d1f-0b2c | 10.4.3.10:15006 from 10.4.2.20 CONNECT 10.8.4.226:9080 (10.8.4.226:9080) as @sleep | passes',
      'node gke-ambient-default-pool-7d1f-z6m9 | 10.4.3.10:15006 from 10.4.2.20 CONNECT 10.8.4.226:9080 (10.8.4.226:9080) as @sleep | passes',
      'waypoint bookinfo-productpage-waypoint-proxy-1da0190aa2-4958e | 10.4.3.10:15006 from 10.4.2.20 CONNECT 10.8.4.226:9080 (10.8.4.226:9080) as @sleep | inbound_CONNECT_terminate | inbound_CONNECT_terminate | inbound-vip|9080|internal|productpage.default.svc.cluster.local',
      'waypoint bookinfo-productpage-waypoint-proxy-1da0190aa2-4958e | envoy://inbound-vip|9080||productpage.default.svc.cluster.local/ | inbound-vip|9080||productpage.default.svc.cluster.local | inbound-vip|9080||productpage.default.svc.cluster.local-http | inbound-vip|9080|http|productpage.default.svc.cluster.local',
      'waypoint bookinfo-productpage-waypoint-proxy-1da0190aa2-4958e | envoy://inbound-pod|9080||10.4.0.5/ | inbound-pod|9080||10.4.0.5 | inbound-pod|9080||10.4.0.5-http | inbound-pod|9080||10.4.0.5',
      'waypoint bookinfo-productpage-waypoint-proxy-1da0190aa2-4958e | envoy://inbound_CONNECT_originate/10.4.0.5:9080 | inbound_CONNECT_originate | inbound_CONNECT_originate',
      'node gke-ambient-default-pool-7d1f-z6m9 | 10.4.0.5:15008 from 10.4.3.10 CONNECT 10.4.0.5:9080 (10.4.0.5:9080) as @bookinfo-productpage | passes',
      'node gke-ambient-default-pool-7d1f-5t8x | 10.4.0.5:15008 from 10.4.3.10 CONNECT 10.4.0.5:9080 (10.4.0.5:9080) as @bookinfo-productpage | captured to 10.4.0.6:15008',
      'ztunnel ztunnel-14199 | 10.4.0.5:15008 from 10.4.3.10 CONNECT 10.4.0.5:9080 (10.4.0.5:9080) as @bookinfo-productpage | ztunnel_inbound | inbound_10.4.0.5 | virtual_inbound',
      'node gke-ambient-default-pool-7d1f-5t8x | 10.4.0.5:9080 from 10.4.3.10 | passes',
      'app productpage-v1-858760025b-f1920 | 10.4.0.5:9080 from 10.4.3.10',
      '=> delivered productpage-v1-858760025b-f1920',
    ],
  },
  {
    what: 'L7 with a node that runs both waypoint and target: captured there all the same',
    scenario: 'waypoint-l7',
    source: 'productpage-v1-b41f72cde2-beec5',
    destination: 'reviews',
    path: [
      'app productpage-v1-b41f72cde2-beec5 | 10.8.6.12:9080 from 10.4.0.5',
      'node gke-ambient-default-pool-2b1c-9kz4 | 10.8.6.12:9080 from 10.4.0.5 | captured to 10.4.0.6:15001',
      'ztunnel ztunnel-0fc6e | 10.8.6.12:9080 from 10.4.0.5 | ztunnel_outbound | @bookinfo-productpage_to_server_waypoint_proxy_@bookinfo-reviews | @bookinfo-productpage_to_server_waypoint_proxy_@bookinfo-reviews',
      'node gke-ambient-default-pool-2b1c-9kz4 | 10.4.3.12:15006 from 10.4.0.5 CONNECT 10.8.6.12:9080 (10.8.6.12:9080) as @bookinfo-productpage | passes',
      'node gke-ambient-default-pool-2b1c-x0v7 | 10.4.3.12:15006 from 10.4.0.5 CONNECT 10.8.6.12:9080 (10.8.6.12:9080) as @bookinfo-productpage | passes',
      'waypoint bookinfo-reviews-waypoint-proxy-75d3205990-862c7 | 10.4.3.12:15006 from 10.4.0.5 CONNECT 10.8.6.12:9080 (10.8.6.12:9080) as @bookinfo-productpage | inbound_CONNECT_terminate | inbound_CONNECT_terminate | inbound-vip|9080|internal|reviews.default.svc.cluster.local',
      'waypoint bookinfo-reviews-waypoint-proxy-75d3205990-862c7 | envoy://inbound-vip|9080||reviews.default.svc.cluster.local/ | inbound-vip|9080||reviews.default.svc.cluster.local | inbound-vip|9080||reviews.default.svc.cluster.local-http | inbound-vip|9080|http/v1|reviews.default.svc.cluster.local',
      'waypoint bookinfo-reviews-waypoint-proxy-75d3205990-862c7 | envoy://inbound-pod|9080||10.4.3.8/ | inbound-pod|9080||10.4.3.8 | inbound-pod|9080||10.4.3.8-http | inbound-pod|9080||10.4.3.8',
      'waypoint bookinfo-reviews-waypoint-proxy-75d3205990-862c7 | envoy://inbound_CONNECT_originate/10.4.3.8:9080 | inbound_CONNECT_originate | inbound_CONNECT_originate',
      'node gke-ambient-default-pool-2b1c-x0v7 | 10.4.3.8:15008 from 10.4.3.12 CONNECT 10.4.3.8:9080 (10.4.3.8:9080) as @bookinfo-reviews | captured to 10.4.3.6:15008',
      'ztunnel ztunnel-2508c | 10.4.3.8:15008 from 10.4.3.12 CONNECT 10.4.3.8:9080 (10.4.3.8:9080) as @bookinfo-reviews | ztunnel_inbound | inbound_10.4.3.8 | virtual_inbound',
      'node gke-ambient-default-pool-2b1c-x0v7 | 10.4.3.8:9080 from 10.4.3.12 | passes',
      'app reviews-v1-d8b6cbc0b9-e6284 | 10.4.3.8:9080 from 10.4.3.12',
      '=> delivered reviews-v1-d8b6cbc0b9-e6284',
    ],
  },
]

describe('golden chains', () => {
  it.each(CHAINS)('$what', async ({scenario, source, destination, path}) => {
    const trace = await traceQuestion(await openScenario(scenario), {question: {source, destination}})
    expect(firstPath(trace)).toEqual(path)
  })
})
