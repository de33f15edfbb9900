import type {Family} from '../../src/kernel/config/ip.js'
import {outputsInside, run, succeeds} from './commands.js'
import type {LabScenario, Loader, NamespaceState} from './lab-scenario.js'
import {
  addressedDevice,
  readiness,
  devicesOf,
  furtherDevices,
  hardwareOf,
  neighboursOf,
  pairLinks,
  routesOf,
  settingsOf,
} from './layouts.js'
import {LINKS, LOOPBACK_ADDRESSES, ROLES, type Role} from './topology.js'

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
    run('ip', ['-batch', '-'], [...ROLES.map((role) => `netns add ${names[role]}`), ...linkCommands({names, scenario})].join('\n'))
    for (const role of ROLES) run('ip', ['netns', 'exec', names[role], 'sh', '-e', '-s'], furnishing(role, scenario))
    for (const script of readiness(scenario)) run('ip', ['netns', 'exec', names.node, 'sh', '-c', script])
  } catch (error) {
    remove()
    throw new RefusedState(error instanceof Error ? error.message : 'unknown')
  }
  return {names, remove}
}

function linkCommands({names, scenario}: {readonly names: Lab['names']; readonly scenario: LabScenario}): readonly string[] {
  return pairLinks(scenario.layout).map(({from, to}, index) => {
    const [one, other] = [hardwareOf(index, 'from'), hardwareOf(index, 'to')]
    return `link add ${from.device} address ${one} netns ${names[from.role]} type veth peer ${to.device} address ${other} netns ${names[to.role]}`
  })
}

/** The script that furnishes one namespace. Rules come last: nothing of this is to be counted. */
function furnishing(role: Role, scenario: LabScenario): string {
  const {family, namespaces, layout} = scenario
  const state = namespaces[role]
  const patience = devicesOf({role, layout})
    .filter((device) => device !== 'lo')
    .flatMap(shortPatience)
  return [
    batch('ip -batch -', ['link set lo up', ...furtherDevices({role, family, layout})]),
    `sysctl -qw ${[...QUIET, ...patience].join(' ')} net.ipv6.conf.all.disable_ipv6=${family === 4 ? 1 : 0}`,
    'sysctl -qw "net.ipv4.ping_group_range=0 2147483647"',
    batch('ip -batch -', addressCommands(role, scenario)),
    batch(`ip -${family} -batch -`, routeCommands(role, scenario)),
    `sysctl -qw ${settingsOf({role, layout}, state.sysctls).join(' ')}`,
    ...(state.sets === '' ? [] : [batch('ipset restore', state.sets.trimEnd().split('\n'))]),
    // Reports of multicast groups have gone out by then.
    ...(family === 6 ? ['sleep 0.05'] : []),
    ...rulesetsOf(state).map(({loader, rules}) => batch(loaderOf(loader, family), rules.trimEnd().split('\n'))),
  ].join('\n')
}

/** In the order they are loaded. */
function rulesetsOf({loader, rules, further}: NamespaceState): readonly Ruleset[] {
  return [{loader, rules}, ...(further === undefined ? [] : [further])].filter((one) => one.rules !== '')
}

type Ruleset = Pick<NamespaceState, 'loader' | 'rules'>

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

function addressCommands(role: Role, {family, layout}: LabScenario): readonly string[] {
  const ends = LINKS.flatMap(({from, to}) => [from, to]).filter((end) => end.role === role)
  return [
    ...LOOPBACK_ADDRESSES[role][family].map((address) => `addr add ${address} dev lo`),
    ...ends.flatMap(({device, addresses}) => [
      `link set ${device} up`,
      `addr add ${addresses[family]} dev ${addressedDevice(device, {role, layout})}${family === 6 ? ' nodad' : ''}`,
    ]),
    ...permanentNeighbours(role, {family, layout}),
  ]
}

/** Neighbour discovery is made of packets that rules see, and so is each question into a tunnel: there everybody knows everybody. */
function permanentNeighbours(role: Role, {family, layout}: Pick<LabScenario, 'family' | 'layout'>): readonly string[] {
  const known = neighboursOf({family, layout}).filter((one) => one.role === role && (family === 6 || one.permanent))
  return known.map(({device, ip, hardware: to}) => `neigh add ${ip} lladdr ${to} dev ${device} nud permanent`)
}

function routeCommands(role: Role, {namespaces, family, layout}: LabScenario): readonly string[] {
  const {routes, policies} = namespaces[role]
  return [
    ...routesOf({role, family, layout}, routes).map((route) => `route add ${route}`),
    ...policies.map((policy) => `rule add ${policy}`),
  ]
}

function loaderOf(loader: Loader, family: Family): string {
  if (loader === 'nft') return 'nft -f -'
  return `${family === 4 ? 'iptables' : 'ip6tables'}-${loader === 'iptables-nft' ? 'nft' : 'legacy'}-restore --noflush`
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

/** What the commands of one namespace print, by the keys of {@link READERS}, with its settings and rulesets (`rules0`, `rules1`). */
export function readOutputs(
  name: string,
  {role, scenario}: {readonly role: Role; readonly scenario: LabScenario},
): ReadonlyMap<string, string> {
  const rules = rulesCommands(scenario.namespaces[role], {family: scenario.family, counted: false})
  const listings = Object.fromEntries(rules.map((command, index) => [`rules${index}`, command.join(' ')]))
  const commands = Object.entries({...READERS, sysctl: `sysctl -e ${keysOf(role, scenario).join(' ')}`, ...listings})
  const texts = outputsInside(
    name,
    commands.map(([, command]) => command),
  )
  return new Map(commands.map(([key], index) => [key, texts[index] ?? '']))
}

const DEVICE_KEYS = [
  ...['rp_filter', 'accept_local', 'src_valid_mark', 'route_localnet', 'forwarding'],
  ...['proxy_arp', 'arp_ignore', 'arp_filter', 'arp_announce'],
]

/** Of the many settings, those that packets of the suite can meet. */
function keysOf(role: Role, {layout}: LabScenario): readonly string[] {
  const devices = ['all', 'default', ...devicesOf({role, layout})]
  return [
    'net.ipv4.ip_forward',
    'net.ipv6.conf.all.forwarding',
    ...['iptables', 'ip6tables'].map((program) => `net.bridge.bridge-nf-call-${program}`),
    ...devices.flatMap((device) => DEVICE_KEYS.map((key) => `net.ipv4.conf.${device}.${key}`)),
  ]
}

/** The commands that print the rulesets of a namespace, with or without counters. */
export function rulesCommands(
  state: NamespaceState,
  {family, counted}: {readonly family: Family; readonly counted: boolean},
): readonly (readonly string[])[] {
  return rulesetsOf(state).map(({loader}) => {
    if (loader === 'nft') return ['nft', 'list', 'ruleset']
    const program = `${family === 4 ? 'iptables' : 'ip6tables'}-${loader === 'iptables-nft' ? 'nft' : 'legacy'}-save`
    return counted ? [program, '-c'] : [program]
  })
}
