/**
 * A program called `kubectl` that answers for a recorded cluster: `get KIND` with its inventory, `exec POD … curl` with the
 * dumps of its proxies. EndpointSlices, which no recording has, list the ready pods of each selector.
 */
export function kubectlOfSnapshot(snapshot: string): string {
  return `#!${process.execPath}\n${SCRIPT.replace('SNAPSHOT', () => JSON.stringify(snapshot))}`
}

const SCRIPT = `
const {existsSync, readFileSync} = require('node:fs')
const {gunzipSync} = require('node:zlib')
const snapshot = SNAPSHOT
const args = process.argv.slice(2)
const list = (kind) => {
  const file = snapshot + '/inventory/' + kind + '.json'
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
if (args.includes('exec')) {
  const namespace = args.find((word) => word.startsWith('--namespace=')).slice('--namespace='.length)
  process.stdout.write(gunzipSync(readFileSync(snapshot + '/proxies/' + namespace + '/' + args[args.indexOf('exec') + 1] + '.json.gz')))
} else console.log(JSON.stringify(list(args[args.indexOf('get') + 1].split('.')[0])))
`
