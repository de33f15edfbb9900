import type {ListedPod} from './proxy-pods.js'
import {fillBy, type Asking} from './record-tasks.js'
import type {RecordTask} from './recording.js'

/** What prints the packet rules of a network namespace, by the names under which `docs/snapshot.md` knows the files. */
const COMMANDS: readonly Command[] = [
  {file: 'iptables-save', words: ['iptables-save']},
  // envoy-2022 H.3: one namespace may hold rules of both backends.
  {file: 'iptables-nft-save', words: ['iptables-nft-save'], isOptional: true},
  {file: 'iptables-legacy-save', words: ['iptables-legacy-save'], isOptional: true},
  {file: 'ip6tables-save', words: ['ip6tables-save']},
  {file: 'ip6tables-nft-save', words: ['ip6tables-nft-save'], isOptional: true},
  {file: 'ip6tables-legacy-save', words: ['ip6tables-legacy-save'], isOptional: true},
  {file: 'nft-ruleset', words: ['nft', 'list', 'ruleset'], isOptional: true},
  {file: 'ip-rule', words: ['ip', 'rule']},
  {file: 'ip6-rule', words: ['ip', '-6', 'rule']},
  {file: 'ip-route', words: ['ip', 'route', 'show', 'table', 'all']},
  {file: 'ip6-route', words: ['ip', '-6', 'route', 'show', 'table', 'all']},
  {file: 'ip-addr', words: ['ip', 'addr']},
  {file: 'ip-link', words: ['ip', '-d', 'link']},
  {file: 'ss', words: ['ss', '-lntu'], isOptional: true},
  {file: 'sysctl', words: ['sysctl', '-a']},
]

/** Sets are of the node alone. */
const NODE_COMMANDS: readonly Command[] = [...COMMANDS, {file: 'ipset-save', words: ['ipset', 'save']}]

interface Command {
  readonly file: string
  readonly words: readonly string[]
  /** Not every image has the program, and what it prints can be done without. */
  readonly isOptional?: boolean
}

/** Whose packet rules are wanted. */
export interface CaptureScope {
  readonly isNodeWanted: (node: string) => boolean
  readonly isPodWanted: (pod: ListedPod) => boolean
}

/** Everything that redirects packets: all nodes, the ztunnels of 2022, and the pods whose traffic the CNI redirects. */
export const WHOLE_CAPTURE: CaptureScope = {isNodeWanted: () => true, isPodWanted: ({isRedirected}) => isRedirected}

/** The packet rules of nodes and pods, as they look from pods that are there anyway. */
export function captureTasks(
  asking: Asking,
  {pods, scope}: {readonly pods: readonly ListedPod[]; readonly scope: CaptureScope},
): readonly RecordTask[] {
  const running = pods.filter(({isRunning, node}) => isRunning && node !== undefined)
  const nodes = [...new Set(running.map(({node = ''}) => node))].filter((node) => scope.isNodeWanted(node))
  return nodes.flatMap((node) => {
    const here = running.filter((pod) => pod.node === node)
    const window = windowOf(here)
    const wanted = here.filter((pod) => !pod.hostNetwork && (isEnvoyZtunnel(pod) || scope.isPodWanted(pod)))
    return [...(window === undefined ? [] : nodeTasks(asking, {node, window})), ...wanted.flatMap((pod) => podTasks(asking, {pod, window}))]
  })
}

/** A pod whose image holds the programs, and which sees the network of the node: that of istio-cni, else of kube-proxy. */
function windowOf(pods: readonly ListedPod[]): ListedPod | undefined {
  return pods.find(isCni) ?? pods.find(({hostNetwork, labels}) => hostNetwork && labels.get('k8s-app') === 'kube-proxy')
}

/** The ztunnel of 2022: rules in its own network are half of what captures (envoy-2022 C.2). */
function isEnvoyZtunnel({role, proxy}: ListedPod): boolean {
  return role === 'ztunnel' && proxy === 'envoy'
}

function isCni({labels}: ListedPod): boolean {
  return labels.get('k8s-app') === 'istio-cni-node'
}

function nodeTasks(asking: Asking, {node, window}: {readonly node: string; readonly window: ListedPod}): readonly RecordTask[] {
  // istio-cni daemonset.yaml: from 1.27 its pod may have a network of its own, and sees the processes of the node under /host/proc.
  const enter = window.hostNetwork ? [] : ['nsenter', '--net=/host/proc/1/ns/net', '--']
  return NODE_COMMANDS.map((command) => taskOf(asking, {folder: `capture/node/${node}`, place: {node}, inside: window, enter, command}))
}

function podTasks(asking: Asking, {pod, window}: {readonly pod: ListedPod; readonly window: ListedPod | undefined}): readonly RecordTask[] {
  const way = wayInto(pod, window)
  if (way === undefined) return []
  const {name, namespace, node = ''} = pod
  return COMMANDS.map((command) =>
    taskOf(asking, {folder: `capture/${namespace}/${name}`, place: {pod: name, namespace, node}, ...way, command}),
  )
}

interface Way {
  readonly inside: ListedPod
  readonly enter: readonly string[]
}

/** The ztunnel of 2022 has the programs itself; into the network of other pods the one of istio-cni can step. */
function wayInto(pod: ListedPod, window: ListedPod | undefined): Way | undefined {
  if (isEnvoyZtunnel(pod)) return {inside: pod, enter: []}
  if (window === undefined || !isCni(window) || pod.uid === undefined || !/^[\da-f-]{32,36}$/i.test(pod.uid)) return undefined
  return {inside: window, enter: ['sh', '-c', STEP_INTO, 'sh', `pod\\(${pod.uid}\\|${pod.uid.replaceAll('-', '_')}\\)`]}
}

/**
 * Runs a command in the network of a pod: that of the oldest process in the pod's cgroup, which is no container within the pod.
 * The driver of cgroups may write the dashes of a pod's uid as underscores.
 */
const STEP_INTO = [
  'pattern=$1; shift',
  'cgroup=$(grep -ls -e "$pattern" /host/proc/[0-9]*/cgroup | sort -t/ -k4,4n | head -n 1)',
  'if [ -z "$cgroup" ]; then echo "no process of the pod was found" >&2; exit 3; fi',
  'exec nsenter --net="$(dirname "$cgroup")/ns/net" -- "$@"',
].join('; ')

interface CaptureCall extends Way {
  readonly folder: string
  readonly place: {readonly pod?: string; readonly namespace?: string; readonly node: string}
  readonly command: Command
}

function taskOf(asking: Asking, {folder, place, inside, enter, command}: CaptureCall): RecordTask {
  const {name, namespace, container} = inside
  const {file, words, isOptional = false} = command
  const args = [`--namespace=${namespace}`, 'exec', name, '-c', container, '--', ...enter, ...words]
  const about = {target: `pod ${name}`, pod: name, container, program: words[0] ?? '', right: 'create pods/exec'}
  return {
    file: {path: `${folder}/${file}`, kind: 'capture', pod: name, namespace, ...place, method: 'exec'},
    open: fillBy(asking, {args, about}),
    ...(isOptional ? {mayLack: 'no-program' as const} : {}),
  }
}
