import {expect, test} from 'vitest'
import {joinNamespaces} from '../../../src/kernel/config/network.js'
import {walkAttempt} from '../../../src/kernel/walk/connect.js'
import {smallNamespace} from '../small-namespace.js'

const FAR = smallNamespace({name: 'far', links: ['eth0 7 10.0.0.2/24 2 here', 'tun0 8 10.3.0.2/30 tunnel 10.0.0.1'], listens: [80]})

/** What node capture of 2022 does in the ztunnel pod without the neighbour routes of its tables 101 and 102 (seen on Linux 6.18). */
test.each([
  {about: 'by its own link', routes: '', result: 'connected', ended: undefined},
  {about: 'into itself', routes: '10.0.0.2 dev tun0', result: 'timeout', ended: 'the route to 10.0.0.2 leads into tunnel tun0 itself'},
])('a tunnel whose remote address is reached $about', ({routes, result, ended}) => {
  const here = smallNamespace({name: 'here', links: ['eth0 2 10.0.0.1/24 7 far', 'tun0 4 10.3.0.1/30 tunnel 10.0.0.2'], routes})
  const [branch] =
    walkAttempt(joinNamespaces([here, FAR]), {
      namespace: 'here',
      protocol: 'tcp',
      sourcePort: 40_000,
      destination: {ip: '10.3.0.2', port: 80},
      mark: 0,
      transparent: false,
    }) ?? []
  expect([branch?.outcome.result, branch?.outcome.passes.find((pass) => pass.ended !== undefined)?.ended]).toEqual([result, ended])
})
