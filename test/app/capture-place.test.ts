import {beforeAll, describe, expect, test} from 'vitest'
import {findPlace} from '../../src/app/capture-place.js'
import {openCaptures, type CaptureShelf} from '../../src/app/capture-shelf.js'

let shelf: CaptureShelf
beforeAll(async () => {
  shelf = await openCaptures({paths: ['fixtures/clusters/kind-bookinfo-rules'], environment: {}})
})

const NODE = 'ambient-worker2'

describe('a place is called', () => {
  test.each([
    {target: NODE, found: [NODE, undefined]},
    {target: `node/${NODE}`, found: [NODE, undefined]},
    {target: 'ztunnel-a582b', found: ['istio-system/ztunnel-a582b', undefined]},
    {target: 'pod/ztunnel-a582b', found: ['istio-system/ztunnel-a582b', undefined]},
    {target: '10.244.2.19', found: ['istio-system/ztunnel-a582b', undefined]},
    {target: 'sleep', found: [NODE, 'vethsleep']},
    {target: 'deploy/sleep', found: [NODE, 'vethsleep']},
    {target: 'default/sleep-db8386fb45-b640f', found: [NODE, 'vethsleep']},
    {target: '10.244.2.8', found: [NODE, 'vethsleep']},
    {target: 'sa/bookinfo-productpage', found: [NODE, 'vethproductp']},
  ])('$target', ({target, found}) => {
    const {place, inDevice} = findPlace(shelf, {target, namespace: 'default'})
    expect([place.name, inDevice]).toEqual(found)
  })
})

describe('no place is', () => {
  test.each([
    {
      target: 'nosuch',
      told: {message: 'No packet rules of "nosuch" were recorded.', expected: `one of ${NODE}, istio-system/ztunnel-a582b`},
    },
    {target: 'details', told: {message: 'No packet rules of "details" were recorded.'}},
    {
      target: 'details-v1-cca4861654-05981',
      told: {message: 'No packet rules of "details-v1-cca4861654-05981", nor of its node ambient-worker, were recorded.'},
    },
    {
      target: 'reviews',
      told: {
        message: '"reviews" is ambiguous.',
        help: 'Say one of: default/reviews-v2-8bc708f54c-fbaea, default/reviews-v3-c2842e1868-bef49.',
      },
    },
    {target: 'external', told: {message: 'No packet rules of "external" were recorded.'}},
  ])('$target', ({target, told}) => {
    expect(() => findPlace(shelf, {target, namespace: 'default'})).toThrow(expect.objectContaining({...told, exitCode: 64}))
  })
})
