import {deepValue, rawNumber} from './edit.js'

/** Texts that end badly where they are printed, looked up, compared or compiled. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '\u001b[31mred\u001b[0m\u001b]0;title\u0007',
  '\u009b2J\u0085',
  'a\nb\r\tc\u0000d',
  '\u202egnp.exe\u2066',
  '\u2028\u2029\u200b\ufeff',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '\ud800',
  'x\udfffy',
  '\u{1f4a9}'.repeat(40),
  'e\u0301'.repeat(50),
  '漢字かな'.repeat(30),
  'x'.repeat(5000),
  '%00%2e%2e%2f',
  '../../../../etc/passwd',
  '%DOWNSTREAM_LOCAL_ADDRESS%%',
  '%REQ(:path',
  '$' + '{jndi:ldap://x}',
  '*',
  '*.*',
  '.',
  '..',
  '/',
  '//',
  ':',
  ':80',
  '[::1]:99999',
  'spiffe://',
  'spiffe://td/ns//sa/',
  'outbound|80||',
  '||||',
  'inbound-vip|9080||a',
  '0',
  '-1',
  'null',
  'NaN',
  'true',
]

export const HOSTILE_NUMBERS: readonly unknown[] = [
  0,
  -1,
  1.5,
  -0,
  65_535,
  65_536,
  2 ** 31,
  2 ** 32,
  -(2 ** 31),
  2 ** 53,
  1e21,
  1e308,
  rawNumber('1e400'),
  rawNumber('-1e400'),
  rawNumber('18446744073709551615'),
  rawNumber('9223372036854775808'),
  rawNumber('0.1e-400'),
  rawNumber(`1${'0'.repeat(300)}`),
  '18446744073709551615',
  '-9223372036854775809',
  '007',
  '1e3',
]

export const HOSTILE_SHAPES: readonly unknown[] = [
  null,
  true,
  false,
  [],
  {},
  [null],
  [[]],
  {'': null},
  {constructor: {prototype: {polluted: true}}},
  {toString: null, hasOwnProperty: 1},
  deepValue(40),
  deepValue(600),
]

const REGEXES = [
  '(a+)+$',
  '(.*)*x',
  '(x+x+)+y',
  '(',
  '[',
  '(?=a)',
  '(?<n>a)\\k<n>',
  'a{1000}{1000}',
  '((a{100}){100}){100}',
  '\\',
  '(?i)(?P<a>.)',
  '.*'.repeat(200),
  '\\C\\pN',
]
const ADDRESSES = [
  '::',
  '::1',
  '0.0.0.0',
  '999.1.1.1',
  '1.2.3',
  '1.2.3.4/99',
  '10.0.0.0/8',
  '[::1]',
  '::ffff:10.0.0.1',
  'fe80::1%eth0',
  '0x7f.1',
  '1.2.3.4\n',
]
const DURATIONS = ['-1s', '1e400s', 's', '99999999999999999999s', '0.0000000001s', '1h', 5]
const WEIGHTS = [0, -1, 1, 100, 2 ** 32 - 1, 2 ** 32, rawNumber('18446744073709551615'), '4294967295', 0.5, null]
const LENGTHS = [0, 32, 33, 128, 129, -1, 1.5, '24', null]
const PORTS = [0, -1, 15_001, 15_006, 15_008, 65_536, 1.5, 1e21, '9080', 'http', null]

/** What a field of this name fears, where it is known. */
export const HOSTILE_FIELDS: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
  ...['regex', 'safe_regex', 'pattern', 'safeRegexMatch'].map((key) => [key, REGEXES] as const),
  ...['address', 'address_prefix', 'prefix_ranges', 'ip', 'podIP', 'clusterIP', 'clusterIPs', 'workloadIps', 'addresses', 'sourceIps'].map(
    (key) => [key, ADDRESSES] as const,
  ),
  ...['prefix_len', 'length', 'prefixLen', 'num_retries'].map((key) => [key, LENGTHS] as const),
  ...['weight', 'total_weight', 'load_balancing_weight', 'numerator', 'value', 'capacity', 'priority', 'overprovisioning_factor'].map(
    (key) => [key, WEIGHTS] as const,
  ),
  ...['port_value', 'port', 'targetPort', 'hboneMtlsPort', 'hbonePort', 'containerPort', 'destination_port'].map(
    (key) => [key, PORTS] as const,
  ),
  ...['timeout', 'fixed_delay', 'idle_timeout', 'max_grpc_timeout', 'interval'].map((key) => [key, DURATIONS] as const),
  ['denominator', ['HUNDRED', 'MILLION', 'TEN_THOUSAND', 'NONE', 7]],
])
