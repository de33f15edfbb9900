import {formatShare} from '../../src/flow/share.js'
import type {NetworkNamespace} from '../../src/kernel/config/namespace.js'
import {networkWithOutside} from '../../src/kernel/config/outside.js'
import {endOf} from '../../src/kernel/end.js'
import {walkAttempt, type Attempt, type Branch} from '../../src/kernel/walk/connect.js'
import {formatPacket} from '../../src/kernel/walk/packet.js'
import type {Pass} from '../../src/kernel/walk/run.js'

export interface SmallWalk {
  readonly branches: readonly Branch[]
  /** `1/2 captured connected`: share, end and result of each branch. */
  readonly ends: readonly string[]
  /** Of the first branch. */
  readonly passes: readonly Pass[]
  /** `here syn 10.0.0.2:40000 > 10.5.0.1:80`: namespace and packet of each pass of the first branch. */
  readonly packets: readonly string[]
}

/** One attempt in a namespace called `here`, with what nobody recorded behind its devices. */
export function walkSmall(namespace: NetworkNamespace, more: Partial<Attempt> = {}): SmallWalk {
  const network = networkWithOutside([namespace])
  const attempt: Attempt = {
    namespace: 'here',
    protocol: 'tcp',
    sourcePort: 40_000,
    destination: {ip: '10.5.0.1', port: 80},
    mark: 0,
    transparent: false,
    ...more,
  }
  const branches = walkAttempt(network, attempt) ?? []
  const passes = branches[0]?.outcome.passes ?? []
  return {
    branches,
    ends: branches.map(({outcome, share}) => [formatShare(share), endOf(outcome, {network, attempt}).kind, outcome.result].join(' ')),
    passes,
    packets: passes.map(({namespace: at, packet}) => `${at} ${formatPacket(packet)}`),
  }
}
