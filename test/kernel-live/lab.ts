import type {Family} from '../../src/kernel/config/ip.js'
import {outputsInside, run, succeeds} from './commands.js'
import type {LabScenario, NamespaceState} from './lab-scenario.js'
import {DEFAULT_ROUTES, DEVICES, LINKS, LOOPBACK_ADDRESSES, ROLES, type Role} from './topology.js'

/** Three namespaces of the suite's own, with the state of a scenario. */
export interface Lab {
  readonly names: Readonly<Record<Role, string>>
  readonly remove: () => void
}

/** A state that the tools do not take: the suite has made something up. */
export class RefusedState extends Error {}

/** What was begun is removed when it cannot be finished. */
export function buildLab(scenario: LabScenario, prefix: string): Lab {
  const names = {client: `${prefix}-client`, node: `${prefix}-node`, pod: `${prefix}-pod`}
  const remove = (): void => {
    for (const role of ROLES) succeeds('ip', ['netns', 'del', names[role]])
  }
  try {
    run('ip', ['-batch', '-'], [...ROLES.map((role) => `netns add ${names[role]}`), ...linkCommands(names)].join('\n'))
    for (const role of ROLES) run('ip', ['netns', 'exec', names[role], 'sh', '-e', '-s'], furnishing(role, scenario))
  } catch (error) {
    remove()
    throw new RefusedState(error instanceof Error ? error.message : 'unknown')
  }
  return {names, remove}
}

function linkCommands(names: Lab['names']): readonly string[] {
  return LINKS.map(({from, to}, index) => {
    const [one, other] = [hardware(index, 'from'), hardware(index, 'to')]
    return `link add ${from.device} address ${one} netns ${names[from.role]} type veth peer ${to.device} address ${other} netns ${names[to.role]}`
  })
}

function hardware(link: number, end: 'from' | 'to'): string {
  return `02:00:00:00:0${link}:0${end === 'from' ? 1 : 2}`
}

/** The script that furnishes one namespace. Rules come last: nothing of this is to be counted. */
function furnishing(role: Role, {family, namespaces}: LabScenario): string {
  const state = namespaces[role]
  const patience = DEVICES[role].filter((device) => device !== 'lo').flatMap(shortPatience)
  return [
    `sysctl -qw ${[...QUIET, ...patience].join(' ')} net.ipv6.conf.all.disable_ipv6=${family === 4 ? 1 : 0}`,
    'sysctl -qw "net.ipv4.ping_group_range=0 2147483647"',
    batch('ip -batch -', addressCommands(role, family)),
    batch(`ip -${family} -batch -`, routeCommands(role, {state, family})),
    `sysctl -qw ${state.sysctls.join(' ')}`,
    ...(state.sets === '' ? [] : [batch('ipset restore', state.sets.trimEnd().split('\n'))]),
    // Reports of multicast groups have gone out by then.
    ...(family === 6 ? ['sleep 0.05'] : []),
    ...(state.rules === '' ? [] : [batch(loaderOf(state, family), state.rules.trimEnd().split('\n'))]),
  ].join('\n')
}

function batch(command: string, lines: readonly string[]): string {
  return `${command} <<'END'\n${lines.join('\n')}\nEND`
}

/** Nothing is sent that no attempt causes: no router solicitations, reports of multicast groups at once, no limits on errors. */
const QUIET = [
  ...['icmp_ratemask=0', 'icmp_ratelimit=0', 'tcp_synack_retries=0'].map((setting) => `net.ipv4.${setting}`),
  ...['all', 'default'].map((device) => `net.ipv4.conf.${device}.send_redirects=0`),
  ...['icmp.ratelimit=0'].map((setting) => `net.ipv6.${setting}`),
]

/** One question is enough where everybody is awake; IPv6 says nothing by itself. */
function shortPatience(device: string): readonly string[] {
  const six = ['accept_dad=0', 'router_solicitations=0', 'addr_gen_mode=1', 'mldv2_unsolicited_report_interval=1']
  return [
    ...['mcast_solicit=1', 'retrans_time_ms=20'].map((setting) => `net.ipv4.neigh.${device}.${setting}`),
    ...six.map((setting) => `net.ipv6.conf.${device}.${setting}`),
  ]
}

function addressCommands(role: Role, family: Family): readonly string[] {
  const ends = LINKS.flatMap(({from, to}, index) => [
    {...from, other: to.addresses[family], otherHardware: hardware(index, 'to')},
    {...to, other: from.addresses[family], otherHardware: hardware(index, 'from')},
  ]).filter((end) => end.role === role)
  return [
    'link set lo up',
    ...LOOPBACK_ADDRESSES[role][family].map((address) => `addr add ${address} dev lo`),
    ...ends.flatMap(({device, addresses, other, otherHardware}) => [
      `link set ${device} up`,
      `addr add ${addresses[family]} dev ${device}${family === 6 ? ' nodad' : ''}`,
      // Neighbour discovery is made of packets that rules see; here everybody knows everybody from the start.
      ...(family === 6 ? [`neigh add ${other.split('/')[0] ?? ''} lladdr ${otherHardware} dev ${device} nud permanent`] : []),
    ]),
  ]
}

function routeCommands(role: Role, {state, family}: {readonly state: NamespaceState; readonly family: Family}): readonly string[] {
  return [
    ...[...DEFAULT_ROUTES[role][family], ...state.routes].map((route) => `route add ${route}`),
    ...state.policies.map((policy) => `rule add ${policy}`),
  ]
}

function loaderOf({loader}: NamespaceState, family: Family): string {
  if (loader === 'nft') return 'nft -f -'
  return `${family === 4 ? 'iptables' : 'ip6tables'}-${loader === 'iptables-nft' ? 'nft' : 'legacy'}-restore`
}

const READERS = {
  address: 'ip addr',
  link: 'ip -d link',
  rule4: 'ip -4 rule',
  rule6: 'ip -6 rule',
  route4: 'ip -4 route show table all',
  route6: 'ip -6 route show table all',
  sets: 'ipset save',
}

/** What the commands of one namespace print, by the keys of {@link READERS}, with its settings and rules. */
export function readOutputs(
  name: string,
  {role, scenario}: {readonly role: Role; readonly scenario: LabScenario},
): ReadonlyMap<string, string> {
  const rules = rulesCommand(scenario.namespaces[role], {family: scenario.family, counted: false})
  const commands = Object.entries({...READERS, sysctl: `sysctl ${keysOf(role).join(' ')}`, rules: rules.join(' ')})
  const texts = outputsInside(
    name,
    commands.map(([, command]) => command),
  )
  return new Map(commands.map(([key], index) => [key, texts[index] ?? '']))
}

const DEVICE_KEYS = ['rp_filter', 'accept_local', 'src_valid_mark', 'route_localnet', 'forwarding', 'proxy_arp']

/** Of the many settings, those that packets of the suite can meet. */
function keysOf(role: Role): readonly string[] {
  const devices = ['all', 'default', ...DEVICES[role]]
  return [
    'net.ipv4.ip_forward',
    'net.ipv6.conf.all.forwarding',
    ...devices.flatMap((device) => DEVICE_KEYS.map((key) => `net.ipv4.conf.${device}.${key}`)),
  ]
}

/** The command that prints the rules of a namespace, with or without counters. */
export function rulesCommand(
  {loader}: NamespaceState,
  {family, counted}: {readonly family: Family; readonly counted: boolean},
): readonly string[] {
  if (loader === 'nft') return ['nft', 'list', 'ruleset']
  const program = `${family === 4 ? 'iptables' : 'ip6tables'}-${loader === 'iptables-nft' ? 'nft' : 'legacy'}-save`
  return counted ? [program, '-c'] : [program]
}
