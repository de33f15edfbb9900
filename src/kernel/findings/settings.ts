import type {NetworkNamespace} from '../config/namespace.js'
import {forwards, strongest} from '../config/settings.js'
import {deviceTo} from '../route/device-to.js'
import {finding, placesOf, type CaptureFinding, type EnrolledPod} from './finding.js'

/** Settings of the kernel that capture cannot do with. Source: envoy-2022 C.1 (rp_filter 0), H.3.5, H.3.10. */
export function settingFindings(
  node: NetworkNamespace,
  capture: {readonly devices: readonly string[]; readonly enrolled: readonly EnrolledPod[]},
) {
  const pods = capture.enrolled.flatMap(({ips}) => ips.flatMap((ip) => deviceTo(node, {ip, own: true}) ?? []))
  const devices = [...new Set([...capture.devices, ...pods])]
  return [...strictFilters(node, devices), ...notForwarding(node, devices)]
}

/** H.3.10: the way back to an enrolled pod is the tunnel, so that strict filters take what the pod sends for forged. */
export function strictFilters(namespace: NetworkNamespace, devices: readonly string[]): readonly CaptureFinding[] {
  const {name, sysctlPlaces} = namespace
  const strict = devices.filter((device) => strongest(namespace, {device, key: 'rp_filter'}) === 1)
  const keys = new Set(strict.map((device) => filterKey(namespace, device)))
  return [...keys].map((key) =>
    finding(name, {
      kind: 'setting',
      what: `${key} is 1: the kernel drops packets of captured connections, whose way back is another (strict reverse path filter)`,
      evidence: placesOf(sysctlPlaces?.get(key)),
      fix: `\`sysctl -w ${key}=0\`, and look for what sets it at start.`,
    }),
  )
}

/** The setting for all devices, unless only that of the device is so strict. */
function filterKey({sysctls}: NetworkNamespace, device: string): string {
  const all = 'net.ipv4.conf.all.rp_filter'
  return sysctls.get(all) === '1' ? all : `net.ipv4.conf.${device}.rp_filter`
}

function notForwarding(node: NetworkNamespace, devices: readonly string[]): readonly CaptureFinding[] {
  return forwardingKeys(node, devices).map((key) => forwardingFinding(node, {key, what: 'packets that come in there are not passed on'}))
}

/** H.3.5: what is no TCP goes through the ztunnel pod and out again. */
export function notPassingOn(ztunnel: NetworkNamespace): readonly CaptureFinding[] {
  const what = 'pings of enrolled pods, and answers to theirs, end in the ztunnel pod'
  return forwardingKeys(ztunnel, ['pistioin']).map((key) => ({...forwardingFinding(ztunnel, {key, what}), severity: 'unsure'}))
}

/** The switch of a device follows that for all. */
function forwardingKeys(namespace: NetworkNamespace, devices: readonly string[]): readonly string[] {
  const {sysctls} = namespace
  if (sysctls.size === 0) return []
  const stopped = devices.filter((device) => !forwards(namespace, {family: 4, device}))
  const all = 'net.ipv4.ip_forward'
  return [...new Set(stopped.map((device) => (sysctls.get(all) === '0' ? all : `net.ipv4.conf.${device}.forwarding`)))]
}

function forwardingFinding(
  {name, sysctlPlaces}: NetworkNamespace,
  {key, what}: {readonly key: string; readonly what: string},
): CaptureFinding {
  return finding(name, {
    kind: 'setting',
    what: `${key} is 0: ${what}`,
    evidence: placesOf(sysctlPlaces?.get(key)),
    fix: `\`sysctl -w ${key}=1\`, and look for what sets it at start.`,
  })
}
