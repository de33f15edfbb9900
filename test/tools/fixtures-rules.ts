import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import type {TextFile} from './fixture-cluster.js'

const STATES = fileURLToPath(new URL('../../fixtures/capture-states', import.meta.url))
const NODE = 'ambient-worker2'
const ZTUNNEL = {name: 'ztunnel-a582b', ip: '10.244.2.19'}

/** Pods of that node, with the device of the node that leads to each. */
const PODS = [
  {ip: '10.244.2.3', device: 'vethproductp'},
  {ip: '10.244.2.8', device: 'vethsleep'},
  {ip: '10.244.2.9', device: 'vethnotsleep'},
  {ip: '10.244.2.6', device: 'vethreviewsv2'},
  {ip: '10.244.2.7', device: 'vethreviewsv3'},
]

interface KubeService {
  readonly name: string
  readonly vip: string
  readonly port: number
  readonly endpoints: readonly string[]
}

const SERVICES: readonly KubeService[] = [
  {name: 'productpage', vip: '10.96.4.48', port: 9080, endpoints: ['10.244.2.3:9080']},
  {name: 'details', vip: '10.96.22.112', port: 9080, endpoints: ['10.244.1.21:9080']},
  {name: 'ratings', vip: '10.96.197.85', port: 9080, endpoints: ['10.244.1.22:9080']},
  {name: 'reviews', vip: '10.96.183.192', port: 9080, endpoints: ['10.244.1.23:9080', '10.244.2.6:9080', '10.244.2.7:9080']},
]

/**
 * Packet rules of one node of kind-bookinfo-l4: those that a real kernel printed for the same commands (capture-states/node-2022),
 * with the addresses, pods and services of this cluster in their place.
 */
export function rulesOfBookinfo(): readonly TextFile[] {
  return [
    ...filesOf('node-2022/capture/node/node').map(({name, text}) => ({path: `capture/node/${NODE}/${name}`, text: onNode(name, text)})),
    ...filesOf('node-2022/capture/istio-system/ztunnel-8v5nq').map(({name, text}) => ({
      path: `capture/istio-system/${ZTUNNEL.name}/${name}`,
      text: inCluster(text).replaceAll('ztunnel-8v5nq', ZTUNNEL.name),
    })),
  ]
}

function filesOf(folder: string): readonly {readonly name: string; readonly text: string}[] {
  const root = join(STATES, folder)
  return readdirSync(root)
    .sort()
    .map((name) => ({name, text: readFileSync(join(root, name), 'utf8')}))
}

const IN_POD = [
  {name: 'sleep-8c86c414b3-23f84', ip: '10.244.1.11'},
  {name: 'details-v1-befd3fe979-e8a82', ip: '10.244.2.22'},
]

/** Packet rules inside two pods of bookinfo-waypoint, as a real kernel printed them for another pod (capture-states/in-pod). */
export function rulesInPods(): readonly TextFile[] {
  return IN_POD.flatMap(({name, ip}) =>
    filesOf('in-pod/capture/bookinfo/reviews-v1').map((file) => ({
      path: `capture/bookinfo/${name}/${file.name}`,
      text: withoutTime(file.text)
        .replaceAll('10.244.3.7', ip)
        .replaceAll(/\b10\.244\.3\.(1|255)\b/g, (_, last: string) => ip.replace(/\d+$/, last)),
    })),
  )
}

/** When it was printed says nothing about this cluster. */
function withoutTime(text: string): string {
  return text.replaceAll(/^# (?:Generated|Completed).*\n/gm, '')
}

function inCluster(text: string): string {
  return withoutTime(text)
    .replaceAll(/\b10\.244\.2\.2\b/g, ZTUNNEL.ip)
    .replaceAll(/\b172\.18\.0\.2\b/g, '172.18.0.4')
    .replaceAll(/\b172\.18\.0\.3\b/g, '172.18.0.2')
}

/** Blocks are the indented lines below a line. */
function onNode(name: string, text: string): string {
  const blocks = inCluster(text)
    .trimEnd()
    .split(/\n(?=\S)/)
  const own = blocks
    .filter((block) => !OTHERS.test(block))
    .flatMap((block) => (SLEEP.test(block) ? PODS.map((pod) => forPod(block, pod)) : block))
  const more = {'iptables-save': withServices, 'ip-route': withThirdNode}[name]
  return `${(more?.(own) ?? own).join('\n')}\n`
}

/** What stands once per pod, of the pod that stands for all. */
const SLEEP = /\b10\.244\.2\.3\b|vethf2b61d44/
/** What stands for other pods and services of the recording. */
const OTHERS =
  /\b10\.244\.2\.[456]\b|veth8c07ba55|veth51d0e6f3|vethc0a9711b|\b10\.244\.0\.7\b|\b10\.96\.|KUBE-(?:SVC|SEP|EXT)-|default\/helloworld/

function forPod(block: string, {ip, device}: (typeof PODS)[number]): string {
  const index = 200 + 2 * PODS.findIndex((pod) => pod.ip === ip)
  return block
    .replaceAll(/\b10\.244\.2\.3\b/g, ip)
    .replaceAll('vethf2b61d44', device)
    .replace(/ comment "[^"]*"/, '')
    .replace('pod-sleep', `pod-${device}`)
    .replace(/^102: (\S+)@if103:/, (_, name: string) => `${index}: ${name}@if${index + 1}:`)
}

function withThirdNode(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => (line.startsWith('10.244.0.0/24') ? [line, '10.244.1.0/24 via 172.18.0.3 dev eth0 '] : line))
}

function withServices(lines: readonly string[]): readonly string[] {
  const chains = SERVICES.flatMap(({name, endpoints}) => [`KUBE-SVC-${id(name)}`, ...endpoints.map((_, at) => `KUBE-SEP-${id(name)}${at}`)])
  const rules = SERVICES.flatMap(serviceRules)
  return lines.flatMap((line) => {
    if (line.startsWith(':KUBE-POSTROUTING')) return [line, ...chains.map((chain) => `:${chain} - [0:0]`)]
    return line.startsWith('-A KUBE-SERVICES') && line.includes('nodeports') ? [...SERVICES.map(portal), line, ...rules] : line
  })
}

function id(name: string): string {
  return name.toUpperCase().padEnd(15, 'X')
}

function portal({name, vip, port}: KubeService): string {
  return `-A KUBE-SERVICES -d ${vip}/32 -p tcp -m comment --comment "default/${name}:http cluster IP" -m tcp --dport ${port} -j KUBE-SVC-${id(name)}`
}

/** As kube-proxy writes them: clients from elsewhere and an endpoint that calls itself are masqueraded, each endpoint is taken with the chance left to it. */
function serviceRules({name, vip, port, endpoints}: KubeService): readonly string[] {
  const comment = `-m comment --comment "default/${name}:http`
  const elsewhere = `-A KUBE-SVC-${id(name)} ! -s 10.244.0.0/16 -d ${vip}/32 -p tcp ${comment} cluster IP" -m tcp --dport ${port} -j KUBE-MARK-MASQ`
  const rules = endpoints.flatMap((endpoint, at) => {
    const left = endpoints.length - at
    const chance = left === 1 ? '' : `-m statistic --mode random --probability ${(Math.floor(2 ** 31 / left) / 2 ** 31).toFixed(11)} `
    const own = `KUBE-SEP-${id(name)}${at}`
    return [
      `-A KUBE-SVC-${id(name)} ${comment} -> ${endpoint}" ${chance}-j ${own}`,
      `-A ${own} -s ${endpoint.replace(/:.*/, '/32')} ${comment}" -j KUBE-MARK-MASQ`,
      `-A ${own} -p tcp ${comment}" -m tcp -j DNAT --to-destination ${endpoint}`,
    ]
  })
  return [elsewhere, ...rules]
}

/** The same after the agent of the node has missed one pod: its address is not in the set. */
export function rulesWithoutSleep(): readonly TextFile[] {
  return rulesOfBookinfo().map(({path, text}) => ({path, text: text.replace(/^add ztunnel-pods-ips 10\.244\.2\.8\n/m, '')}))
}
