import {expect, test} from 'vitest'
import {createKernelForwarder} from '../../../src/kernel/forward.js'
import {networkWithOutside} from '../../../src/kernel/config/outside.js'
import {recordedNamespaces} from '../capture-states.js'

/** The RST of the node goes through the tunnel and comes back to the node, which has forgotten the connection by then (seen on Linux 6.18). */
test('a RST before an answer ends the entry: what meets it again finds it invalid', () => {
  const state = recordedNamespaces('node-2022', (path, text) =>
    path === 'istio-system/ztunnel-8v5nq/iptables-save' ? text.replace(/^-A PREROUTING -i pistioin .* --on-port 15006 .*\n/m, '') : text,
  )
  const forwarder = createKernelForwarder({place: {kind: 'node', name: 'node'}, network: networkWithOutside(state), sides: {host: 'node'}})
  const {exits} = forwarder.forward({
    entry: {kind: 'socket', ip: '172.18.0.3', port: 30_500},
    source: {ip: '10.244.2.3', port: 0},
    ingress: 'workload',
    payload: {kind: 'unknown'},
  })
  expect(exits.map((exit) => (exit.kind === 'stop' && exit.verdict.kind === 'dropped' ? exit.verdict.reason : exit.kind))).toEqual([
    expect.stringMatching(/^timeout: rst 172\.18\.0\.3:30500 > 10\.244\.2\.3:40000 ends in node: DROP/),
  ])
})
