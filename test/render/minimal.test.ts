import {expect, test} from 'vitest'
import {renderMinimal} from '../../src/render/minimal.js'
import {canary, waypointPath} from './recorded-path.js'

test('one path', () => {
  expect(renderMinimal(waypointPath)).toMatchInlineSnapshot(`
    "from default/sleep-7656cf8794-x7kjp 10.4.2.19 to productpage.default.svc.cluster.local 10.8.4.226:9080 http GET productpage:9080/
    ztunnel istio-system/ztunnel-hptxk at 10.8.4.226:9080
    waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx at 10.4.3.10:15006 hbone 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep
    ztunnel istio-system/ztunnel-vx9cd at 10.4.0.5:15008 hbone 10.4.0.5:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage
    app default/productpage-v1-7d4d8b6b55-qp6xk at 10.4.0.5:9080 => delivered
    verdict delivered"
  `)
})

test('a split', () => {
  expect(renderMinimal(canary)).toMatchInlineSnapshot(`
    "from default/sleep-7656cf8794-x7kjp 10.4.2.19 to productpage.default.svc.cluster.local 10.8.4.226:9080 http GET productpage:9080/
    ztunnel istio-system/ztunnel-hptxk at 10.8.4.226:9080
    waypoint default/bookinfo-productpage-waypoint-proxy-5d8f7b4c66-4dzdx at 10.4.3.10:15006 hbone 10.8.4.226:9080 as spiffe://cluster.local/ns/default/sa/sleep
    [9/20]
      ztunnel istio-system/ztunnel-vx9cd at 10.4.0.5:15008 hbone 10.4.0.5:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage
      app default/productpage-v1-a at 10.4.0.5:9080 => delivered
    [9/20]
      ztunnel istio-system/ztunnel-vx9cd at 10.4.0.6:15008 hbone 10.4.0.6:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage
      app default/productpage-v1-b at 10.4.0.6:9080 => delivered
    [1/10]
      ztunnel istio-system/ztunnel-vx9cd at 10.4.0.7:15008 hbone 10.4.0.7:9080 as spiffe://cluster.local/ns/default/sa/bookinfo-productpage
      app default/productpage-v2-c at 10.4.0.7:9080 => delivered
    verdict delivered"
  `)
})
