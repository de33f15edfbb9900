/**
 * A program called `kubectl` that answers for a recorded cluster: `get KIND` with its inventory, `exec POD … curl` and `port-forward` with the
 * dumps of its proxies, `config view` with a context. EndpointSlices, which no recording has, list the ready pods of each selector.
 */
export function kubectlOfSnapshot(snapshot: string, namespace = 'default'): string {
  return `#!${process.execPath}\n${SCRIPT.replace('SNAPSHOT', () => JSON.stringify(snapshot)).replace('NAMESPACE', () => JSON.stringify(namespace))}`
}

/** The same for pods whose containers hold no program that could be run in them. */
export function distroless(kubectl: string): string {
  const [first = '', ...script] = kubectl.split('\n')
  return [first, REFUSAL, ...script].join('\n')
}

const REFUSAL = `if (process.argv.includes('exec')) {
  process.stderr.write('error: exec failed: executable file not found in $PATH: unknown\\n')
  process.exit(126)
}`

const SCRIPT = `
const {existsSync, readFileSync} = require('node:fs')
const {gunzipSync} = require('node:zlib')
const snapshot = SNAPSHOT
const args = process.argv.slice(2)
const list = (kind) => {
  const file = snapshot + '/inventory/' + kind + '.json'
  if (existsSync(file + '.gz')) return JSON.parse(gunzipSync(readFileSync(file + '.gz')))
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
if (args.includes('exec')) process.stdout.write(dumpOf(args[args.indexOf('exec') + 1]))
else if (args.includes('port-forward')) forward(dumpOf(args[args.indexOf('port-forward') + 1].slice('pod/'.length)))
else if (args.includes('config')) console.log(JSON.stringify({kind: 'Config', apiVersion: 'v1', contexts: [context]}))
else console.log(JSON.stringify(list(args[args.indexOf('get') + 1].split('.')[0])))
`
