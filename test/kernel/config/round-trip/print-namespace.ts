import {formatPrefix} from '../../../../src/kernel/config/ip.js'
import type {Device, DeviceAddress, IpSet, IpSetMember, Listener, Sysctls} from '../../../../src/kernel/config/model.js'

export function ipsetSave(sets: readonly IpSet[]): string {
  return sets
    .flatMap((set) => [
      `create ${set.name} ${set.type} family inet hashsize 1024 maxelem 65536 comment bucketsize 12 initval 0x6b9b6f9f`,
      ...set.members.map((member) => `add ${set.name} ${memberText(member)}`),
    ])
    .join('\n')
}

export function ipsetList(sets: readonly IpSet[]): string {
  return sets
    .map(({name, type, members}) =>
      [
        `Name: ${name}`,
        `Type: ${type}`,
        'Revision: 5',
        'Header: family inet hashsize 1024 maxelem 65536 comment bucketsize 12 initval 0x6b9b6f9f',
        'Size in memory: 344',
        'References: 1',
        `Number of entries: ${members.length}`,
        'Members:',
        ...members.map(memberText),
        '',
      ].join('\n'),
    )
    .join('\n')
}

function memberText({text, nomatch, wildcard, comment}: IpSetMember): string {
  const flags = [...(nomatch ? ['nomatch'] : []), ...(wildcard === true ? ['wildcard'] : [])]
  return [text, ...flags, ...(comment === undefined ? [] : [`comment "${comment}"`])].join(' ')
}

/** `ip addr` and `ip -d link` of the same devices: each says a part. */
export function deviceTexts(devices: readonly Device[]): {readonly addr: string; readonly link: string} {
  return {
    addr: devices
      .map((device) => [heading(device), ...device.addresses.map((address) => addressText(address, device))].join('\n'))
      .join('\n'),
    link: devices.map((device) => [heading(device), linkDetail(device)].join('\n')).join('\n'),
  }
}

function heading({index, name, attachment, up, master}: Device): string {
  const flags = [attachment.kind === 'loopback' ? 'LOOPBACK' : 'BROADCAST,MULTICAST', ...(up ? ['UP', 'LOWER_UP'] : [])].join(',')
  const peer = attachment.kind === 'pair' ? `@if${attachment.peerIndex}` : ''
  const namespace = attachment.kind === 'pair' && attachment.peerNamespace !== undefined ? ` link-netns ${attachment.peerNamespace}` : ''
  const owner = master === undefined ? '' : ` master ${master}`
  return `${index}: ${name}${peer}: <${flags}> mtu 1500 qdisc noqueue${owner} state UP group default qlen 1000\n    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff${namespace}`
}

function addressText({ip, prefix, scope, flags}: DeviceAddress, {name}: Device): string {
  const length = formatPrefix(prefix).split('/')[1] ?? (ip.includes(':') ? '128' : '32')
  const words = flags.length === 0 ? [name] : flags
  return `    inet${ip.includes(':') ? '6' : ''} ${ip}/${length} scope ${scope} ${words.join(' ')}\n       valid_lft forever preferred_lft forever`
}

function linkDetail({attachment}: Device): string {
  switch (attachment.kind) {
    case 'tunnel': {
      const remote = attachment.remote === undefined ? '' : ` remote ${attachment.remote}`
      return `    ${attachment.type} id ${attachment.id}${remote} ttl auto dstport ${attachment.port} noudpcsum addrgenmode eui64`
    }
    case 'bridge':
      return '    bridge forward_delay 1500 hello_time 200 max_age 2000'
    case 'other':
      return attachment.type === undefined ? '    tun type tun' : `    ${attachment.type} addrgenmode eui64`
    default:
      return '    veth addrgenmode eui64'
  }
}

/** `ss -lntu`; sockets that take both families are printed as such. */
export function socketsText(listeners: readonly Pick<Listener, 'protocol' | 'family' | 'ip' | 'port' | 'dual'>[]): string {
  const lines = listeners.map(
    (one) =>
      `${one.protocol} ${one.protocol === 'tcp' ? 'LISTEN' : 'UNCONN'} 0 4096 ${addressOf(one)}:${one.port} ${one.family === 4 ? '0.0.0.0' : '[::]'}:*`,
  )
  return ['Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess', ...lines].join('\n')
}

function addressOf({family, ip, dual}: Pick<Listener, 'family' | 'ip' | 'dual'>): string {
  if (ip === undefined) return family === 4 ? '0.0.0.0' : dual ? '*' : '[::]'
  return family === 4 ? ip : `[${ip}]`
}

export function sysctlText(settings: Sysctls): string {
  return [...settings].map(([key, value]) => `${key} = ${value}`).join('\n')
}
