import {z} from 'zod'
import {badLine, type SourceLine} from './source-text.js'

const tunnel = z.looseObject({
  id: z.number().optional(),
  remote: z.string().optional(),
  remote6: z.string().optional(),
  port: z.number().optional(),
})
const jsonAddress = z.looseObject({
  family: z.string(),
  local: z.string().optional(),
  address: z.string().optional(),
  prefixlen: z.number(),
  scope: z.string().optional(),
  label: z.string().optional(),
})
const jsonDevice = z.looseObject({
  ifindex: z.number(),
  ifname: z.string(),
  flags: z.array(z.string()),
  link: z.string().nullish(),
  link_index: z.number().optional(),
  link_netns: z.string().optional(),
  master: z.string().optional(),
  linkinfo: z
    .looseObject({
      info_kind: z.string().optional(),
      info_data: z.unknown(),
      info_slave_data: z.looseObject({hairpin: z.boolean().optional()}),
    })
    .partial()
    .optional(),
  addr_info: z.array(jsonAddress).optional(),
})

/** The lines that the text form would have, of what is modelled: the heading first. */
export function deviceLines(value: unknown, place: SourceLine): readonly SourceLine[] {
  // The end of a list that was asked for one family is empty objects.
  if (isEmpty(value)) return []
  const parsed = jsonDevice.safeParse(value)
  if (!parsed.success) throw badLine(place, {what: 'An entry of ip -j is no device', expected: 'an object with ifindex, ifname and flags'})
  const {data} = parsed
  const addresses = data.addr_info ?? []
  return [headingOf(data), detailOf(data), ...addresses.flatMap(addressLine)].map((text) => ({...place, text}))
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

type Device = z.infer<typeof jsonDevice>

function headingOf({ifindex, ifname, flags, link, link_index: peer, link_netns: namespace, master}: Device): string {
  const other = peer === undefined ? (link ?? undefined) : `if${peer}`
  return [
    `${ifindex}: ${ifname}${other === undefined ? '' : `@${other}`}: <${flags.join(',')}>`,
    ...(master === undefined ? [] : [`master ${master}`]),
    ...(namespace === undefined ? [] : [`link-netns ${namespace}`]),
  ].join(' ')
}

function detailOf({linkinfo = {}}: Device): string {
  const {info_kind: kind = '', info_slave_data: port} = linkinfo
  const hairpin = port?.hairpin === true ? ' hairpin on' : ''
  return `    ${kindText(kind, linkinfo.info_data)}${hairpin}`
}

function kindText(kind: string, data: unknown): string {
  if (kind === 'bridge') return 'bridge forward_delay 0'
  if (kind === 'vrf') return 'vrf table 0'
  const found = kind === 'vxlan' || kind === 'geneve' ? tunnel.safeParse(data) : undefined
  if (found?.success !== true) return kind
  const {id, remote, remote6, port} = found.data
  const words: readonly (readonly [string, string | number | undefined])[] = [
    ['id', id],
    ['remote', remote ?? remote6],
    ['dstport', port],
  ]
  return [kind, ...words.flatMap(([word, entry]) => (entry === undefined ? [] : [`${word} ${entry}`]))].join(' ')
}

/** Flags are members that are true. */
function addressLine({
  family,
  local,
  address,
  prefixlen,
  scope = 'global',
  label,
  ...rest
}: z.infer<typeof jsonAddress>): readonly string[] {
  if (family !== 'inet' && family !== 'inet6') return []
  const own = local ?? address ?? ''
  const ends = local !== undefined && address !== undefined ? `${own} peer ${address}/${prefixlen}` : `${own}/${prefixlen}`
  const flags = Object.entries(rest).flatMap(([name, set]) => (set === true ? [name] : []))
  return [`    ${family} ${ends} scope ${scope} ${[...flags, ...(label === undefined ? [] : [label])].join(' ')}`]
}
