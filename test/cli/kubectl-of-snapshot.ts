interface Cluster {
  /** Of its context. */
  readonly namespace?: string | undefined
  /** Whether the containers of its pods hold no program that could be run in them. */
  readonly distroless?: boolean
  /** Whether each node has a pod of istio-cni, which steps into pods whose packet rules were recorded. */
  readonly cni?: boolean
}

/**
 * A program called `kubectl` that answers for a recorded cluster: `get KIND` with its inventory, `exec POD … curl` and `port-forward` with the
 * dumps of its proxies, `config view` with a context. EndpointSlices, which no recording has, list the ready pods of each selector.
 */
export function kubectlOfSnapshot(snapshot: string, {namespace = 'default', distroless = false, cni = false}: Cluster = {}): string {
  const script = SCRIPT.replace('SNAPSHOT', () => JSON.stringify(snapshot)).replace('NAMESPACE', () => JSON.stringify(namespace))
  const shell = [...READING, ...(distroless ? REFUSING : []), ...unpacking(cni ? '/nowhere' : snapshot)]
  return ['#!/bin/sh', forShell(shell), cni ? CNI : '', script].join('\n')
}

/** One line for the shell, and nothing to Node: what was recorded needs no more than unpacking, which starts far faster. */
function forShell(commands: readonly string[]): string {
  return `':' //; ${[...commands, `exec '${process.execPath}' "$0" "$@"`].join('; ')}`
}

const READING = [
  'before= kind= pod= namespace=',
  `for word; do case $before in get) kind=\${word%%.*};; exec) pod=$word;; esac`,
  `case $word in --namespace=*) namespace=\${word#*=};; esac; before=$word; done`,
]

const REFUSING = ['if [ -n "$pod" ]; then echo \'error: exec failed: executable file not found in $PATH: unknown\' >&2; exit 126; fi']

function unpacking(snapshot: string): readonly string[] {
  return [
    `if [ -n "$kind" ]; then file='${snapshot}'/inventory/$kind.json.gz; else file='${snapshot}'/proxies/$namespace/$pod.json.gz; fi`,
    'if [ -f "$file" ]; then PATH=$PATH:/usr/bin:/bin; exec gzip -dc "$file"; fi',
  ]
}

/** Commands as `docs/snapshot.md` lists them, in the network of a pod that is found by its uid. */
const CNI = `
const cniPods = (pods) => [...new Set(pods.map(({spec}) => spec.nodeName))].map((node) => ({
  apiVersion: 'v1', kind: 'Pod', metadata: {name: 'istio-cni-' + node, namespace: 'istio-system', labels: {'k8s-app': 'istio-cni-node'}},
  spec: {nodeName: node, hostNetwork: true, containers: [{name: 'install-cni', image: 'install-cni:1'}]}, status: {phase: 'Running'},
}))
const FILES = {
  'iptables-save': 'iptables-save', 'ip6tables-save': 'ip6tables-save', 'ip rule': 'ip-rule', 'ip -6 rule': 'ip6-rule', 'ip addr': 'ip-addr',
  'ip route show table all': 'ip-route', 'ip -6 route show table all': 'ip6-route', 'ip -d link': 'ip-link', 'ss -lntu': 'ss', 'sysctl -a': 'sysctl',
}
const rules = () => {
  const words = args.slice(args.indexOf('--') + 1)
  const entered = words[0] === 'sh' && list('pods').items.find(({metadata}) => metadata.uid && words[4].includes('(' + metadata.uid))
  const {name, namespace} = entered ? entered.metadata : {}
  const file = snapshot + '/capture/' + namespace + '/' + name + '/' + FILES[words.slice(5).join(' ')]
  if (existsSync(file)) return readFileSync(file)
  process.stderr.write('command terminated with exit code 127\\n')
  process.exit(1)
}
`

const SCRIPT = `
const {existsSync, readFileSync} = require('node:fs')
const {gunzipSync} = require('node:zlib')
const snapshot = SNAPSHOT
const args = process.argv.slice(2)
const list = (kind) => {
  const file = snapshot + '/inventory/' + kind + '.json'
  if (existsSync(file + '.gz')) {
    const found = JSON.parse(gunzipSync(readFileSync(file + '.gz')))
    return kind === 'pods' && typeof cniPods !== 'undefined' ? {...found, items: [...found.items, ...cniPods(found.items)]} : found
  }
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  return {apiVersion: 'v1', kind: 'List', items: kind === 'endpointslices' ? slices() : []}
}
const slices = () => list('services').items.filter(({spec}) => spec.selector).map(({metadata: {name, namespace}, spec}) => ({
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4',
  metadata: {name: name + '-1', namespace, labels: {'kubernetes.io/service-name': name}},
  ports: spec.ports.map(({name, targetPort, protocol}) => ({name, port: targetPort, protocol})),
  endpoints: podsOf(namespace, spec.selector).map(({metadata, spec, status}) => ({
    addresses: [status.podIP], conditions: {ready: true}, nodeName: spec.nodeName, targetRef: {kind: 'Pod', name: metadata.name, namespace},
  })),
}))
const podsOf = (namespace, selector) => list('pods').items.filter(({metadata}) =>
  metadata.namespace === namespace && Object.entries(selector).every(([key, value]) => (metadata.labels ?? {})[key] === value))
const dumpOf = (pod) => {
  const namespace = args.find((word) => word.startsWith('--namespace=')).slice('--namespace='.length)
  return gunzipSync(readFileSync(snapshot + '/proxies/' + namespace + '/' + pod + '.json.gz'))
}
const forward = (dump) => {
  const server = require('node:http').createServer((request, response) => response.end(dump))
  server.listen(0, '127.0.0.1', () => process.stdout.write('Forwarding from 127.0.0.1:' + server.address().port + ' -> 15000\\n'))
}
const context = {name: 'recorded', context: {cluster: 'c', user: 'u', namespace: NAMESPACE}}
if (args.includes('install-cni')) process.stdout.write(rules())
else if (args.includes('exec')) process.stdout.write(dumpOf(args[args.indexOf('exec') + 1]))
else if (args.includes('port-forward')) forward(dumpOf(args[args.indexOf('port-forward') + 1].slice('pod/'.length)))
else if (args.includes('config')) console.log(JSON.stringify({kind: 'Config', apiVersion: 'v1', contexts: [context]}))
else console.log(JSON.stringify(list(args[args.indexOf('get') + 1].split('.')[0])))
`
