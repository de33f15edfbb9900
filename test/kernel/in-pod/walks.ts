import type {NetworkNamespace} from '../../../src/kernel/config/namespace.js'
import {networkWithOutside} from '../../../src/kernel/config/outside.js'
import {endOf} from '../../../src/kernel/end.js'
import {walkAttempt, type Attempt} from '../../../src/kernel/walk/connect.js'
import {POD} from './states.js'

/** What is dialled from, to and inside the pod of the recorded states. */
const PLACES = {
  4: {own: '10.244.3.7', far: '203.0.113.50', dns: '10.96.0.10', vip: '10.96.70.7', loopback: '127.0.0.1', guest: '192.168.122.40'},
  6: {
    own: 'fd00:10:244:3::7',
    far: '2001:db8:50::50',
    dns: 'fd00:10:96::a',
    vip: 'fd00:10:96::707',
    loopback: '::1',
    guest: 'fd00:192:168:122::40',
  },
} as const

type Places = (typeof PLACES)[4 | 6]
type Asked = Partial<Attempt> & Pick<Attempt, 'destination'>

const ZTUNNEL = {mark: 0x539} as const

function at(ip: string, port: number): Pick<Attempt, 'destination'> {
  return {destination: {ip, port}}
}

/** Every kind of packet that ambient-ga E says something about. */
export const WALKS = {
  'the app calls out': ({far}) => at(far, 443),
  'the app calls its service': ({vip}) => at(vip, 80),
  'the app calls its own address': ({own}) => at(own, 9080),
  'the app calls its own port 53': ({own}) => at(own, 53),
  'the app calls 15001 on the loopback': ({loopback}) => at(loopback, 15_001),
  'the app asks DNS over UDP': ({dns}) => ({...at(dns, 53), protocol: 'udp'}),
  'the app asks DNS over TCP': ({dns}) => at(dns, 53),
  'the app asks itself DNS over UDP': ({own}) => ({...at(own, 53), protocol: 'udp'}),
  'the app sends UDP': ({far}) => ({...at(far, 443), protocol: 'udp'}),
  'the app pings': ({far}) => ({...at(far, 0), protocol: 'icmp'}),
  'a socket with mark 0x111 calls out': ({far}) => ({...at(far, 443), mark: 0x111}),
  'the app calls the address of probes': () => at('169.254.7.127', 80),
  'ztunnel calls out': ({far}) => ({...at(far, 15_008), ...ZTUNNEL}),
  'ztunnel asks DNS': ({dns}) => ({...at(dns, 53), ...ZTUNNEL, protocol: 'udp'}),
  'ztunnel calls the app as the client': ({own, far}) => ({...at(own, 9080), ...ZTUNNEL, source: far, transparent: true}),
  'ztunnel calls its own HBONE port': ({own}) => ({...at(own, 15_008), ...ZTUNNEL}),
  'plaintext comes in': ({own, far}) => ({...at(own, 9080), namespace: POD, inDevice: 'eth0', source: far}),
  'HBONE comes in': ({own, far}) => ({...at(own, 15_008), namespace: POD, inDevice: 'eth0', source: far}),
  'somebody calls 15001': ({own, far}) => ({...at(own, 15_001), namespace: POD, inDevice: 'eth0', source: far}),
  'somebody calls 15006': ({own, far}) => ({...at(own, 15_006), namespace: POD, inDevice: 'eth0', source: far}),
  'the kubelet probes': ({own}) => ({...at(own, 9080), namespace: 'node', owner: {user: 0, group: 0}}),
  'the node calls HBONE': ({own}) => ({...at(own, 15_008), namespace: 'node', owner: {user: 0, group: 0}}),
  'a process of the node calls the service': ({vip}) => ({...at(vip, 80), namespace: 'node', owner: {user: 0, group: 0}}),
  'UDP comes in': ({own, far}) => ({...at(own, 5060), protocol: 'udp', namespace: POD, inDevice: 'eth0', source: far}),
  'a ping comes in': ({own, far}) => ({...at(own, 0), protocol: 'icmp', namespace: POD, inDevice: 'eth0', source: far}),
} as const satisfies Readonly<Record<string, (places: Places) => Asked>>

export type WalkName = keyof typeof WALKS

/** `captured 15001`, `delivered 9080`, `left`, `dropped timeout`: how each branch ends. */
export function endsOf(namespaces: readonly NetworkNamespace[], {walk, family}: {readonly walk: WalkName; readonly family: 4 | 6}): string {
  const network = networkWithOutside(namespaces)
  const wanted: Asked = WALKS[walk](PLACES[family])
  const attempt: Attempt = {namespace: POD, protocol: 'tcp', sourcePort: 40_000, mark: 0, transparent: false, ...wanted}
  const branches = walkAttempt(network, attempt) ?? []
  const ends = branches.map(({outcome}) => {
    const {kind} = endOf(outcome, {network, attempt})
    const port = outcome.owner === undefined || kind === 'left' ? '' : ` ${outcome.owner.port}`
    return `${kind}${port}${kind === 'dropped' || kind === 'asymmetric' ? ` ${outcome.result}` : ''}`
  })
  return ends.join(' | ')
}
