import fc from 'fast-check'
import {parsePrefix, type Family} from '../../../../src/kernel/config/ip.js'
import type {Attachment, Device, DeviceAddress, IpSet, IpSetMember, Listener} from '../../../../src/kernel/config/model.js'

const member: fc.Arbitrary<IpSetMember> = fc
  .record(
    {
      text: fc.constantFrom('10.0.0.1', '10.244.0.0/16', '10.0.0.1,tcp:80', '10.1.0.0/16,eth0', 'fd00::1', '10.0.0.1-10.0.0.9'),
      nomatch: fc.boolean(),
      wildcard: fc.constant(true as const),
      comment: fc.constantFrom('uid-1', 'a pod, of two words', 'nomatch wildcard', ''),
    },
    {requiredKeys: ['text', 'nomatch'], noNullPrototype: true},
  )
  .map((one) => ({...one, parts: one.text.split(',')}))

export const ipSet: fc.Arbitrary<IpSet> = fc.record({
  name: fc.constantFrom('ztunnel-pods-ips', 'istio-inpod-probes-v4', 'KUBE-CLUSTER-IP', 's'),
  type: fc.constantFrom('hash:ip', 'hash:net', 'hash:ip,port', 'hash:net,iface', 'list:set'),
  members: fc.array(member, {maxLength: 5}),
})

const port = fc.integer({min: 1, max: 65_535})
const index = fc.integer({min: 2, max: 500})

const attachment: fc.Arbitrary<Attachment> = fc.oneof(
  fc.constant({kind: 'bridge' as const}),
  fc.record(
    {kind: fc.constant('pair' as const), peerIndex: index, peerNamespace: fc.constantFrom('pod', 'cni-0a1b')},
    {requiredKeys: ['kind', 'peerIndex'], noNullPrototype: true},
  ),
  fc.record(
    {
      kind: fc.constant('tunnel' as const),
      type: fc.constantFrom('geneve', 'vxlan'),
      id: fc.nat(16_777_215),
      port,
      remote: fc.constantFrom('10.244.2.2', 'fd00::2'),
    },
    {requiredKeys: ['kind', 'type', 'id', 'port'], noNullPrototype: true},
  ),
  fc.constant({kind: 'other' as const, type: 'dummy'}),
  fc.constant({kind: 'other' as const}),
)

function addressOf(family: Family): fc.Arbitrary<DeviceAddress> {
  const ips = family === 4 ? ['10.0.0.1', '169.254.1.1', '192.168.126.1'] : ['fd00::1', 'fe80::42']
  return fc
    .record({
      ip: fc.constantFrom(...ips),
      length: fc.integer({min: 8, max: family === 4 ? 32 : 128}),
      scope: fc.constantFrom('global', 'link', 'host'),
      flags: fc.constantFrom(['dynamic', 'eth0'], ['secondary', 'noprefixroute', 'eth0'], ['eth0:1']),
    })
    .map(({length, ...rest}) => ({...rest, prefix: parsePrefix(`${rest.ip}/${length}`, family) ?? {family, value: 0n, length: 0}}))
}

const device: fc.Arbitrary<Device> = fc.record(
  {
    name: fc.constantFrom('eth0', 'veth12', 'istioout', 'cni0', 'br-1.5'),
    index,
    up: fc.boolean(),
    attachment,
    master: fc.constantFrom('cni0', 'br-1'),
    addresses: fc.array(fc.oneof(addressOf(4), addressOf(6)), {maxLength: 3}),
  },
  {requiredKeys: ['name', 'index', 'up', 'attachment', 'addresses'], noNullPrototype: true},
)

const LOOPBACK: Device = {
  name: 'lo',
  index: 1,
  up: true,
  attachment: {kind: 'loopback'},
  addresses: [{ip: '127.0.0.1', prefix: {family: 4, value: 127n << 24n, length: 8}, scope: 'host', flags: ['lo']}],
}

/** In the order of their indices, as they are read. */
export const deviceList: fc.Arbitrary<readonly Device[]> = fc
  .uniqueArray(device, {maxLength: 5, comparator: (a, b) => a.name === b.name || a.index === b.index})
  .map((devices) => [LOOPBACK, ...devices.toSorted((a, b) => a.index - b.index)])

type Socket = Pick<Listener, 'protocol' | 'family' | 'ip' | 'port' | 'dual'>

const socket: fc.Arbitrary<Socket> = fc
  .tuple(fc.constantFrom('tcp' as const, 'udp' as const), port, fc.constantFrom('0.0.0.0', '127.0.0.1', '::1', 'fd00::7', '*'))
  .map(([protocol, number, address]) => ({
    protocol,
    port: number,
    dual: address === '*',
    family: address === '*' || address.includes(':') ? 6 : 4,
    ...(address === '*' || address === '0.0.0.0' ? {} : {ip: address}),
  }))

export const listenerList: fc.Arbitrary<readonly Socket[]> = fc.uniqueArray(socket, {
  maxLength: 6,
  selector: ({protocol, port: number}) => `${protocol} ${number}`,
})
