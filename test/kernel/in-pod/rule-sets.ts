/** The forms of capture inside a pod that istio-cni has written since 1.21. Source: ambient-ga E (rule set, variants, history). */
export interface RuleSet {
  readonly family: 4 | 6
  /** `tproxy`: 1.21, 1.22. `none`: the pod has bypass-inbound-capture. */
  readonly inbound: 'redirect' | 'tproxy' | 'none'
  /** `early`: UDP alone. */
  readonly dns: 'none' | 'early' | 'all'
  /** Rerouted virtual interfaces. */
  readonly virtual?: readonly string[]
  /** Interfaces whose packets leave the chains at once. */
  readonly excluded?: readonly string[]
}

export const RELEASES: Readonly<Record<string, Omit<RuleSet, 'family'>>> = {
  '1.21 and 1.22': {inbound: 'tproxy', dns: 'none'},
  '1.22 with DNS capture of UDP': {inbound: 'tproxy', dns: 'early'},
  '1.23 without REDIRECT, with DNS capture': {inbound: 'tproxy', dns: 'all'},
  '1.23 and 1.24': {inbound: 'redirect', dns: 'none'},
  '1.24 with early DNS capture': {inbound: 'redirect', dns: 'early'},
  'from 1.25 on': {inbound: 'redirect', dns: 'all'},
  'virtual interfaces': {inbound: 'redirect', dns: 'all', virtual: ['fake1s0f0', 'fake1s0f1']},
  'excluded interfaces': {inbound: 'redirect', dns: 'all', excluded: ['fake0']},
}

export const BYPASSING: Readonly<Record<string, Omit<RuleSet, 'family'>>> = {
  bypass: {inbound: 'none', dns: 'none'},
  'bypass with DNS capture': {inbound: 'none', dns: 'all'},
  'bypass and virtual interfaces': {inbound: 'none', dns: 'none', virtual: ['fake1s0f0']},
}

/** One rule, and where it stands. */
export interface TableRule {
  readonly table: 'mangle' | 'nat' | 'raw'
  /** Without `-A`: `ISTIO_OUTPUT -p tcp -j ACCEPT`. */
  readonly rule: string
}

const OURS = '-m mark --mark 0x539/0xfff'
const OTHERS = '-m mark ! --mark 0x539/0xfff'
const ADDRESSES = {
  4: {loopback: '127.0.0.1/32', probe: '169.254.7.127/32', every: '0.0.0.0'},
  6: {loopback: '::1/128', probe: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128', every: '::'},
} as const

/** All rules in the order in which iptables-save prints them. */
export function rulesOf(set: RuleSet): readonly TableRule[] {
  return [
    ...rulesIn('mangle', ['PREROUTING -j ISTIO_PRERT', 'OUTPUT -j ISTIO_OUTPUT', ...excluded(set), ...mangle(set)]),
    ...(set.dns === 'all' ? rulesIn('raw', ['PREROUTING -j ISTIO_PRERT', 'OUTPUT -j ISTIO_OUTPUT', ...excluded(set), ...RAW]) : []),
    ...rulesIn('nat', [...natJumps(set), ...(set.virtual ?? []).flatMap(rerouted), ...excluded(set), ...nat(set)]),
  ]
}

function rulesIn(table: TableRule['table'], rules: readonly string[]): readonly TableRule[] {
  return rules.map((rule) => ({table, rule}))
}

function excluded({excluded: devices = []}: RuleSet): readonly string[] {
  return devices.flatMap((device) => [`ISTIO_PRERT -i ${device} -j RETURN`, `ISTIO_OUTPUT -o ${device} -j RETURN`])
}

function mangle({family, inbound}: RuleSet): readonly string[] {
  const {loopback, probe, every} = ADDRESSES[family]
  const tproxy = (port: number): string => `-j TPROXY --on-port ${port} --on-ip ${every} --tproxy-mark 0x111/0xfff`
  return [
    'ISTIO_OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    `ISTIO_PRERT ${OURS} -j CONNMARK --set-xmark 0x111/0xfff`,
    ...(inbound === 'tproxy'
      ? [
          `ISTIO_PRERT -s ${probe} -p tcp -m tcp -j ACCEPT`,
          `ISTIO_PRERT ! -d ${loopback} -i lo -p tcp -j ACCEPT`,
          `ISTIO_PRERT -p tcp -m tcp --dport 15008 ${OTHERS} ${tproxy(15_008)}`,
          'ISTIO_PRERT -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
          `ISTIO_PRERT ! -d ${loopback} -p tcp ${OTHERS} ${tproxy(15_006)}`,
        ]
      : []),
  ]
}

const RAW = [
  `ISTIO_OUTPUT -p udp ${OURS} -m udp --dport 53 -j CT --zone 1`,
  `ISTIO_PRERT -p udp ${OTHERS} -m udp --sport 53 -j CT --zone 1`,
]

function natJumps({inbound, virtual = []}: RuleSet): readonly string[] {
  return [...(inbound === 'tproxy' && virtual.length === 0 ? [] : ['PREROUTING -j ISTIO_PRERT']), 'OUTPUT -j ISTIO_OUTPUT']
}

function rerouted(device: string): readonly string[] {
  return [`ISTIO_PRERT -i ${device} -p tcp -j REDIRECT --to-ports 15001`, `ISTIO_PRERT -i ${device} -p tcp -j RETURN`]
}

function nat({family, inbound, dns}: RuleSet): readonly string[] {
  const {loopback, probe} = ADDRESSES[family]
  return [
    `ISTIO_OUTPUT -d ${probe} -p tcp -m tcp -j ACCEPT`,
    ...(dns === 'none'
      ? []
      : [`ISTIO_OUTPUT ! -o lo -p udp${dns === 'all' ? ` ${OTHERS}` : ''} -m udp --dport 53 -j REDIRECT --to-ports 15053`]),
    ...(dns === 'all' ? [`ISTIO_OUTPUT ! -d ${loopback} -p tcp -m tcp --dport 53 ${OTHERS} -j REDIRECT --to-ports 15053`] : []),
    'ISTIO_OUTPUT -p tcp -m mark --mark 0x111/0xfff -j ACCEPT',
    `ISTIO_OUTPUT ! -d ${loopback} -o lo -j ACCEPT`,
    `ISTIO_OUTPUT ! -d ${loopback} -p tcp ${OTHERS} -j REDIRECT --to-ports 15001`,
    ...(inbound === 'redirect'
      ? [
          `ISTIO_PRERT -s ${probe} -p tcp -m tcp -j ACCEPT`,
          `ISTIO_PRERT ! -d ${loopback} -p tcp -m tcp ! --dport 15008 ${OTHERS} -j REDIRECT --to-ports 15006`,
        ]
      : []),
  ]
}

/** As iptables-save prints them. */
export function saveText(rules: readonly TableRule[], backend: 'nft' | 'legacy' = 'nft'): string {
  const tables = [...new Set(rules.map(({table}) => table))]
  const heading = `# Generated by iptables-${backend === 'nft' ? 'nft-save v1.8.9 (nf_tables)' : 'save v1.8.9'} on Sat Nov 21 07:25:06 2026`
  return tables
    .map((table) => {
      const own = rules.filter((one) => one.table === table).map(({rule}) => rule)
      return [
        heading,
        `*${table}`,
        ...BUILT_IN,
        ...CHAINS.filter((chain) => own.some((rule) => rule.includes(chain))).map((chain) => `:${chain} - [0:0]`),
        ...own.map((rule) => `-A ${rule}`),
        'COMMIT',
        '',
      ].join('\n')
    })
    .join('')
}

const BUILT_IN = [':PREROUTING ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]']
const CHAINS = ['ISTIO_OUTPUT', 'ISTIO_PRERT']
