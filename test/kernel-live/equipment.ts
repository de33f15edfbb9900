import {succeeds} from './commands.js'

/** Which Debian package brings a command. */
const PACKAGES = new Map([
  ['ip', 'iproute2'],
  ['ss', 'iproute2'],
  ['sysctl', 'procps'],
  ['python3', 'python3'],
  ['iptables-nft-restore', 'iptables'],
  ['iptables-legacy-restore', 'iptables'],
  ['ip6tables-nft-restore', 'iptables'],
  ['ip6tables-legacy-restore', 'iptables'],
  ['nft', 'nftables'],
  ['ipset', 'ipset'],
])

/** Why this machine cannot run the suite; undefined when it can. */
export function hindrance(): string | undefined {
  const missing = [...PACKAGES.keys()].filter((command) => !succeeds('sh', ['-c', `command -v ${command}`]))
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((command) => PACKAGES.get(command) ?? command))].toSorted()
    return `${missing.join(', ')} not installed: apt-get install ${packages.join(' ')}`
  }
  return succeeds('unshare', ['-n', 'true']) ? kernelHindrance() : 'network namespaces cannot be made (root is needed)'
}

/** The parts of the kernel that every rule set needs. */
function kernelHindrance(): string | undefined {
  const probe =
    'iptables-nft -t nat -S && iptables-legacy -t mangle -A PREROUTING -p tcp -j TPROXY --on-port 1 && ipset create probe hash:ip'
  return succeeds('unshare', ['-n', 'sh', '-e', '-c', probe]) ? undefined : 'the kernel lacks nat, TPROXY or ipset'
}
