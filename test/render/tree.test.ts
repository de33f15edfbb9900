import {expect, test} from 'vitest'
import {renderTree} from '../../src/render/tree.js'
import {waypointPath} from './recorded-path.js'
import {deniedMostly} from './split-paths.js'

test('200 columns: everything on its line', () => {
  expect(renderTree(waypointPath, {width: 200})).toMatchInlineSnapshot(`
    "sleep-7656cf8794-x7kjp (default, 10.4.2.19) → productpage.default.svc.cluster.local:9080 (VIP 10.8.4.226)
    DELIVERED · L7 through waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx · 1 path

    1  app        sleep-7656cf8794-x7kjp                                connects to 10.8.4.226:9080
    2  capture    node gke-a                                            ipset ztunnel-pods-ips has 10.4.2.19 → mark 0x100 → table 101 → istioout → TPROXY 15001 → 10.4.2.5:15001
    3  ztunnel    ztunnel-hptxk                                         ztunnel_outbound · source-ip 10.4.2.19 → ip 10.8.4.226 → port 9080
       chain      spiffe://cluster.local/ns/default/sa/sleep_to_server_waypoint_proxy_spiffe://cluster.local/ns/default/sa/bookinfo-productpage
       cluster    same name (EDS, name inferred: set-equivalent) → 10.4.3.10:15006
       ══ HBONE   CONNECT 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep ══▶
    4  waypoint   bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx  inbound_CONNECT_terminate
       route      vip: :authority 10.8.4.226:9080 → cluster inbound-vip|9080
       internal   inbound-vip|9080||productpage.default.svc.cluster.local → inbound-pod|9080||10.4.0.5
       route      default: prefix / → cluster inbound-pod
       ALLOW L7   ns[default]-policy[productpage-viewer]-rule[0] · principal spiffe://cluster.local/ns/default/sa/sleep · method GET
       cluster    inbound_CONNECT_originate (ORIGINAL_DST)
       ══ HBONE   CONNECT 10.4.0.5:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage ══▶
    5  ztunnel    ztunnel-vx9cd                                         ztunnel_inbound
       chain      inbound_10.4.0.5
       cluster    virtual_inbound (ORIGINAL_DST)
    6  app        productpage-v1-7d4d8b6b55-qp6xk                       receives on 10.4.0.5:9080"
  `)
})

test('80 columns: details wrap below themselves, identities lose their middle', () => {
  expect(renderTree(waypointPath, {width: 80})).toMatchInlineSnapshot(`
    "sleep-7656cf8794-x7kjp (default, 10.4.2.19) →
    productpage.default.svc.cluster.local:9080 (VIP 10.8.4.226)
    DELIVERED · L7 through waypoint
    default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx · 1 path

    1  app        sleep-7656cf8794-x7kjp      connects to 10.8.4.226:9080
    2  capture    node gke-a                  ipset ztunnel-pods-ips has 10.4.2.19 →
                                              mark 0x100 → table 101 → istioout →
                                              TPROXY 15001 → 10.4.2.5:15001
    3  ztunnel    ztunnel-hptxk               ztunnel_outbound · source-ip 10.4.2.19
                                              → ip 10.8.4.226 → port 9080
       chain      spiffe://cluster.local/ns/defaul…s/default/sa/bookinfo-productpage
       cluster    same name (EDS, name inferred: set-equivalent) → 10.4.3.10:15006
       ══ HBONE   CONNECT 10.8.4.226:9080 as spiffe://cluster.…/default/sa/sleep ══▶
    4  waypoint   bookinfo-pro…f7b4c66-4dzdx  inbound_CONNECT_terminate
       route      vip: :authority 10.8.4.226:9080 → cluster inbound-vip|9080
       internal   inbound-vip|9080||productpage.default.svc.cluster.local →
                  inbound-pod|9080||10.4.0.5
       route      default: prefix / → cluster inbound-pod
       ALLOW L7   ns[default]-policy[productpage-viewer]-rule[0] · principal
                  spiffe://cluster.local/ns/default/sa/sleep · method GET
       cluster    inbound_CONNECT_originate (ORIGINAL_DST)
       ══ HBONE   CONNECT 10.4.0.5:9080 as spiffe://cluster.l…okinfo-productpage ══▶
    5  ztunnel    ztunnel-vx9cd               ztunnel_inbound
       chain      inbound_10.4.0.5
       cluster    virtual_inbound (ORIGINAL_DST)
    6  app        productpage-…d8b6b55-qp6xk  receives on 10.4.0.5:9080"
  `)
})

test('verbose: every passage and packet rule, with evidence', () => {
  expect(renderTree(waypointPath, {width: 120, verbose: true, evidence: true})).toMatchInlineSnapshot(`
    "sleep-7656cf8794-x7kjp (default, 10.4.2.19) → productpage.default.svc.cluster.local:9080 (VIP 10.8.4.226)
    DELIVERED · L7 through waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx · 1 path

    1   app        sleep-7656cf8794-x7kjp                      connects to 10.8.4.226:9080
    2   capture    node gke-a                                  on 10.8.4.226:9080
        capture    ipset ztunnel-pods-ips has 10.4.2.19 → mark 0x100 → table 101 → istioout → TPROXY 15001 → 10.4.2.5:15001
                   · 10.4.2.19 in ztunnel-pods-ips
        at         capture/gke-a/iptables-save:12 (version 2022-10-21T00:00:00Z/7)
    3   ztunnel    ztunnel-hptxk                               on 10.8.4.226:9080
        listener   ztunnel_outbound (0.0.0.0:15001)
        at         proxies/istio-system/ztunnel-hptxk.json#/configs/2/dynamic_listeners/0 (version 2022-10-21T00:00:00Z/7)
        filter     envoy.filters.listener.original_dst: local address is 10.8.4.226:9080
        matcher    source-ip 10.4.2.19 (matched 10.4.2.19/32) → ip 10.8.4.226 (matched 10.8.4.226/32) → port 9080 →
                   spiffe://cluster.local/ns/default/sa/sleep_to_server_waypoint_proxy_spiffe://cluster.local/ns/default/sa/
                   bookinfo-productpage
        chain      spiffe://cluster.local/ns/default/sa/sleep_to_server_waypoint_proxy_spiffe://cluster.local/ns/default/sa/
                   bookinfo-productpage · named by the matcher
        not        passthrough: only when the matcher finds nothing
        cluster    spiffe://cluster.local/ns/default/sa/sleep_to_server_waypoint_proxy_spiffe://cluster.local/ns/default/sa/
                   bookinfo-productpage (EDS, name inferred: set-equivalent)
        endpoint   10.4.3.10:15006 (HEALTHY)
        tunnel     CONNECT 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep
        ══ HBONE   CONNECT 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep ══▶
    4   capture    node gke-a                                  on 10.4.3.10:15006
        capture    not captured · source is the ztunnel
    5   waypoint   bookinfo-productpage-waypoint-proxy-5d8f7b  on 10.4.3.10:15006
                   4c66-4dzdx
        listener   inbound_CONNECT_terminate (0.0.0.0:15006)
        tls        downstream: client certificate accepted (as spiffe://cluster.local/ns/default/sa/bookinfo-productpage,
                   peer spiffe://cluster.local/ns/default/sa/sleep)
        vhost      inbound_connect (domain *, table local_route)
        route      vip: :authority 10.8.4.226:9080 → cluster inbound-vip|9080
        cluster    inbound-vip|9080||productpage.default.svc.cluster.local (STATIC)
    6   waypoint   bookinfo-productpage-waypoint-proxy-5d8f7b  internal
                   4c66-4dzdx                                  inbound-vip|9080||productpage.default.svc.cluster.local
        listener   inbound-vip|9080||productpage.default.svc.cluster.local (internal)
        route      default: prefix / → cluster inbound-pod
    7   waypoint   bookinfo-productpage-waypoint-proxy-5d8f7b  internal inbound-pod|9080||10.4.0.5
                   4c66-4dzdx
        listener   inbound-pod|9080||10.4.0.5 (internal)
        ALLOW L7   ns[default]-policy[productpage-viewer]-rule[0] · principal spiffe://cluster.local/ns/default/sa/sleep ·
                   method GET
        at         proxies/default/waypoint.json#/configs/2/dynamic_listeners/4 (version 2022-10-21T00:00:00Z/7)
        cluster    inbound_CONNECT_originate (ORIGINAL_DST)
        tunnel     CONNECT 10.4.0.5:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage
        ══ HBONE   CONNECT 10.4.0.5:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage ══▶
    8   ztunnel    ztunnel-vx9cd                               on 10.4.0.5:15008
        listener   ztunnel_inbound (0.0.0.0:15008)
        chain      inbound_10.4.0.5
        cluster    virtual_inbound (ORIGINAL_DST)
    9   capture    node gke-b                                  on 10.4.0.5:9080
        capture    not captured
    10  app        productpage-v1-7d4d8b6b55-qp6xk             receives on 10.4.0.5:9080
        deliver    productpage-v1-7d4d8b6b55-qp6xk at 10.4.0.5:9080"
  `)
})

test('branches with their shares, and what to do about the bad one', () => {
  expect(renderTree(deniedMostly, {width: 90})).toMatchInlineSnapshot(`
    "sleep-7656cf8794-x7kjp (default, 10.4.2.19) → productpage.default.svc.cluster.local:9080
    (VIP 10.8.4.226)
    DENIED L7 · L7 through waypoint
    default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx on some paths · 2 paths
    90 % DENIED L7 · 10 % DELIVERED

    1  app        sleep-7656cf8794-x7kjp          connects to 10.8.4.226:9080
    2  ztunnel    ztunnel-hptxk                   on 10.8.4.226:9080
    ├─ 90 %
    │     ══ HBONE   CONNECT 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep ══▶
    │  3  waypoint   bookinfo-produ…8f7b4c66-4dzdx  on 10.4.3.10:15008
    │     ✗ DENIED L7: policy default/viewer denies (DENY rule 0 matched)
    └─ 10 % · if server must speak h2
          ── HTTP    GET productpage:9080/ (plaintext) ──▶
       4  app        productpage-v1…4d8b6b55-qp6xk  receives on 10.4.0.5:9080
          ✓ DELIVERED

    DENIED L7 by waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx: policy
    default/viewer denies (DENY rule 0 matched)
    seen:     client is connected, then closed
    check:    the policy that denies, or the ALLOW policies that came nearest (\`not\` lines)
              with the field that failed. Behind a waypoint the identity is that of the
              waypoint, not of the client; plaintext has none.
    fix:      Let an ALLOW policy of this target fit the identity, port, method and path of
              this request, or narrow the DENY policy that matched.

    warning:  the dump of the waypoint is older than the others"
  `)
})

test('without unicode', () => {
  expect(renderTree(deniedMostly, {width: 90, unicode: false})).toMatchInlineSnapshot(`
    "sleep-7656cf8794-x7kjp (default, 10.4.2.19) -> productpage.default.svc.cluster.local:9080
    (VIP 10.8.4.226)
    DENIED L7 - L7 through waypoint
    default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx on some paths - 2 paths
    90 % DENIED L7 - 10 % DELIVERED

    1  app        sleep-7656cf8794-x7kjp          connects to 10.8.4.226:9080
    2  ztunnel    ztunnel-hptxk                   on 10.8.4.226:9080
    |- 90 %
    |     == HBONE   CONNECT 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep ==>
    |  3  waypoint   bookinfo-prod...f7b4c66-4dzdx  on 10.4.3.10:15008
    |     x DENIED L7: policy default/viewer denies (DENY rule 0 matched)
    \`- 10 % - if server must speak h2
          -- HTTP    GET productpage:9080/ (plaintext) -->
       4  app        productpage-v...d8b6b55-qp6xk  receives on 10.4.0.5:9080
          + DELIVERED

    DENIED L7 by waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx: policy
    default/viewer denies (DENY rule 0 matched)
    seen:     client is connected, then closed
    check:    the policy that denies, or the ALLOW policies that came nearest (\`not\` lines)
              with the field that failed. Behind a waypoint the identity is that of the
              waypoint, not of the client; plaintext has none.
    fix:      Let an ALLOW policy of this target fit the identity, port, method and path of
              this request, or narrow the DENY policy that matched.

    warning:  the dump of the waypoint is older than the others"
  `)
})
