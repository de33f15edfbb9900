import {mkdir, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {callApi, type Api} from './api.js'
import type {Binaries} from './binaries.js'
import {freePort, isListening, start, until, type Program} from './processes.js'
import {createKeys, createTokens, expiredToken, ISSUER, tokenFile, USERS} from './tokens.js'

/** A control plane that runs, and what tests need to know of it. */
export interface Cluster {
  readonly kubeconfig: string
  readonly api: Api
  readonly apiServer: Program
  readonly kwokPort: number
  /** For what it writes. */
  readonly folder: string
}

/** Starts a real etcd and a real kube-apiserver with RBAC. */
export async function startCluster({etcd, apiServer}: Binaries, folder: string): Promise<Cluster> {
  const keys = createKeys()
  const tokens = createTokens()
  const file = (name: string): string => path.join(folder, name)
  await mkdir(file('certs'))
  await writeFile(file('sa.pub'), keys.publicPem)
  await writeFile(file('sa.key'), keys.privatePem)
  await writeFile(file('tokens.csv'), tokenFile(tokens))
  const [client, peer, port, kwokPort, nobody] = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()]
  start({file: etcd, args: etcdArguments(file('etcd'), {client, peer}), log: file('etcd.log')})
  const program = {file: apiServer, args: apiServerArguments(folder, {client, port}), log: file('kube-apiserver.log')}
  const api = {port, certificate: file('certs/apiserver.crt'), token: tokens.get('admin') ?? ''}
  await writeFile(file('apiserver.pid'), String(start(program)))
  await untilReady(api)
  const users = [...USERS.map((user) => ({name: user, token: tokens.get(user) ?? ''})), {name: 'expired', token: expiredToken(keys)}]
  await writeFile(file('kubeconfig'), kubeconfigText({api, nobody, users}))
  return {kubeconfig: file('kubeconfig'), api, apiServer: program, kwokPort, folder}
}

export function untilReady(api: Api): Promise<void> {
  return until('the API server is not ready', async () => (await callApi(api, {method: 'GET', path: '/readyz'})).status === 200)
}

/** kwok stands in for the nodes: it serves exec and port-forward for pods that have no containers. */
export function startKwok(cluster: Cluster, {binary, config, programs}: {binary: string; config: string; programs: string}): Promise<void> {
  const {folder, kwokPort, kubeconfig} = cluster
  const certs = path.join(folder, 'certs')
  start({
    file: binary,
    args: [
      `--config=${config}`,
      `--kubeconfig=${kubeconfig}`,
      '--manage-nodes-with-label-selector=kwok=nobody',
      `--server-address=127.0.0.1:${kwokPort}`,
      `--tls-cert-file=${path.join(certs, 'apiserver.crt')}`,
      `--tls-private-key-file=${path.join(certs, 'apiserver.key')}`,
    ],
    log: path.join(folder, 'kwok.log'),
    env: {...process.env, PATH: `${programs}:/usr/bin:/bin`},
  })
  return until('kwok does not listen', () => isListening(kwokPort))
}

function etcdArguments(data: string, {client, peer}: {readonly client: number; readonly peer: number}): readonly string[] {
  const at = (port: number): string => `http://127.0.0.1:${port}`
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${at(client)}`,
    `--advertise-client-urls=${at(client)}`,
    `--listen-peer-urls=${at(peer)}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  ]
}

function apiServerArguments(folder: string, {client, port}: {readonly client: number; readonly port: number}): readonly string[] {
  const file = (name: string): string => path.join(folder, name)
  return [
    `--etcd-servers=http://127.0.0.1:${client}`,
    `--cert-dir=${file('certs')}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.92.0.0/16',
    `--token-auth-file=${file('tokens.csv')}`,
    '--authorization-mode=RBAC',
    `--service-account-issuer=${ISSUER}`,
    `--service-account-key-file=${file('sa.pub')}`,
    `--service-account-signing-key-file=${file('sa.key')}`,
    '--disable-admission-plugins=ServiceAccount',
    '--kubelet-preferred-address-types=InternalIP',
  ]
}

interface KubeconfigParts {
  readonly api: Api
  /** A port where nobody listens. */
  readonly nobody: number
  readonly users: readonly {readonly name: string; readonly token: string}[]
}

/** One context per user, `market` with a namespace of its own, `nowhere` for a cluster that is gone. The first is the current one. */
function kubeconfigText({api, nobody, users}: KubeconfigParts): string {
  const cluster = (name: string, port: number): object => ({
    name,
    cluster: {server: `https://127.0.0.1:${port}`, 'certificate-authority': api.certificate},
  })
  const context = (name: string, of: object): object => ({name, context: of})
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'admin',
    clusters: [cluster('e2e', api.port), cluster('gone', nobody)],
    users: users.map(({name, token}) => ({name, user: {token}})),
    contexts: [
      ...users.map(({name}) => context(name, {cluster: 'e2e', user: name})),
      context('market', {cluster: 'e2e', user: 'admin', namespace: 'market'}),
      context('nowhere', {cluster: 'gone', user: 'admin'}),
    ],
  })
}
