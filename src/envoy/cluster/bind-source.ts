import {isIP} from 'node:net'
import type {Address, SocketAddress} from '../../flow/address.js'
import type {View} from '../../json/view.js'
import {isWildcard} from '../match/ip.js'

/**
 * The address that connections to a host are bound to: the cluster's upstream_bind_config, else the one of all clusters; of several
 * source addresses the first of the host's family. Undefined where the kernel chooses. Source: Envoy UpstreamLocalAddressSelector.
 */
export function boundSource(config: View | undefined, to: Address): SocketAddress | undefined {
  if (config === undefined || to.kind !== 'socket') return undefined
  const extra = config.list('extra_source_addresses').map((entry) => entry.get('address'))
  return [config.get('source_address'), ...extra]
    .flatMap((address): SocketAddress[] => {
      const ip = address?.str('address') ?? ''
      return isIP(ip) === isIP(to.ip) && !isWildcard(ip) ? [{ip, port: address?.port('port_value') ?? 0}] : []
    })
    .at(0)
}
