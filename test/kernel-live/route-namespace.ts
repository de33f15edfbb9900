import {execFileSync, spawnSync} from 'node:child_process'
import {readNamespace} from '../../src/kernel/config/read-namespace.js'
import type {NetworkNamespace} from '../../src/kernel/config/namespace.js'

/** A network namespace of the test's own, removed again when it is done. */
export interface LiveNamespace {
  readonly ip: (...args: readonly string[]) => string
  /** A command that may fail. */
  readonly attempt: (...args: readonly string[]) => {readonly stdout: string; readonly stderr: string; readonly ok: boolean}
  readonly recorded: () => NetworkNamespace
  readonly remove: () => void
}

const DEVICES = ['dev0', 'dev1', 'dev2']

/** Three devices with an address each, up, and forwarding. What was begun is removed when it cannot be finished. */
export function makeNamespace(name: string): LiveNamespace {
  const inside: Command = (...args) => execFileSync('ip', ['netns', 'exec', name, ...args], {encoding: 'utf8', stdio: 'pipe'})
  const ip: Command = (...args) => inside('ip', ...args)
  const remove = (): void => void execFileSync('ip', ['netns', 'del', name])
  execFileSync('ip', ['netns', 'add', name])
  try {
    furnish({ip, inside})
  } catch (error) {
    remove()
    throw error
  }
  const attempt: LiveNamespace['attempt'] = (...args) => {
    const {stdout, stderr, status} = spawnSync('ip', ['netns', 'exec', name, 'ip', ...args], {encoding: 'utf8'})
    return {stdout, stderr, ok: status === 0}
  }
  return {ip, attempt, remove, recorded: () => recordedFrom(name, {ip, inside})}
}

function furnish({ip, inside}: {readonly ip: Command; readonly inside: Command}): void {
  inside('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
  ip('link', 'set', 'lo', 'up')
  for (const [index, device] of DEVICES.entries()) {
    ip('link', 'add', device, 'type', 'veth', 'peer', 'name', `far${index}`)
    ip('addr', 'add', `10.${index}.0.1/24`, 'dev', device)
    ip('link', 'set', device, 'up')
    ip('link', 'set', `far${index}`, 'up')
  }
}

type Command = (...args: readonly string[]) => string

function recordedFrom(name: string, {ip, inside}: {readonly ip: Command; readonly inside: Command}): NetworkNamespace {
  const keys = ['all', ...DEVICES].flatMap((device) =>
    ['rp_filter', 'accept_local', 'src_valid_mark'].map((key) => `net.ipv4.conf.${device}.${key}`),
  )
  const sysctls = ['net.ipv4.ip_forward', ...keys].map((key) => `${key} = ${inside('cat', `/proc/sys/${key.replaceAll('.', '/')}`).trim()}`)
  return readNamespace({
    name,
    files: {
      devices: [{file: 'ip-addr', text: ip('addr')}],
      rules: {file: 'ip-rule', text: ip('rule')},
      routes: {file: 'ip-route', text: ip('route', 'show', 'table', 'all').replaceAll(/^.*(?:fe80|ff00|::1).*\n/gm, '')},
      listeners: {file: 'ss', text: ''},
      sysctls: {file: 'sysctl', text: sysctls.join('\n')},
    },
  })
}
