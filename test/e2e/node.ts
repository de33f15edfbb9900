import {mkdir, writeFile} from 'node:fs/promises'
import {createReadStream} from 'node:fs'
import {createServer, type Server} from 'node:http'
import path from 'node:path'
import {Readable} from 'node:stream'
import {setTimeout as delay} from 'node:timers/promises'

/** What the stand-in of a node does when a pod is entered. */
export interface PodBehaviour {
  readonly namespace: string
  readonly name: string
  /** The file its admin port answers with. */
  readonly dump: string
  /** Programs in its image. */
  readonly programs: readonly ('curl' | 'pilot-agent')[]
  /** Whether its admin port can be forwarded. */
  readonly forwards: boolean
  /** `slow` never answers, `drip` stops in the middle and waits, `steady` sends as fast as a pod behind a network may. */
  readonly pace?: 'slow' | 'drip' | 'steady'
}

/** A piece, and a pause after it: somewhat below 80 MB a second, with the time that sending takes. */
const PIECE_BYTES = 2 * 1024 * 1024
const PAUSE_MS = 25

/** Answers as programs in the image would; how, the environment of the pod says. */
const ANSWER = `case "$PACE" in
  slow) sleep 600 ;;
  drip) head -c 100000 "$DUMP"; sleep 600 ;;
  steady)
    exec 3<"$DUMP"
    left=$(($(stat -c %s "$DUMP") / ${PIECE_BYTES} + 1))
    while [ $left -gt 0 ]; do dd bs=${PIECE_BYTES} count=1 status=none <&3; left=$((left - 1)); sleep ${PAUSE_MS / 1000}; done ;;
  *) cat "$DUMP" ;;
esac
`

/** The words of the container runtime for a program that an image lacks. */
function script(name: string): string {
  const missing = `OCI runtime exec failed: exec failed: unable to start container process: exec: "${name}": executable file not found in $PATH: unknown`
  return `#!/bin/sh\ncase " $PROGRAMS " in *" ${name} "*) ;; *) echo '${missing}' >&2; exit 126 ;; esac\n${ANSWER}`
}

/** A folder with the programs of all images. */
export async function writePrograms(folder: string): Promise<void> {
  await mkdir(folder, {recursive: true})
  for (const name of ['curl', 'pilot-agent']) await writeFile(path.join(folder, name), script(name), {mode: 0o755})
}

/** An admin port as those of proxies. */
export function serveDump({dump, pace}: Pick<PodBehaviour, 'dump' | 'pace'>): Promise<{readonly port: number; readonly server: Server}> {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/config_dump') !== true) {
      response.writeHead(404).end()
      return
    }
    Readable.from(piecesOf(dump, pace === 'steady' ? PAUSE_MS : 0)).pipe(response)
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({port: typeof address === 'object' && address !== null ? address.port : 0, server})
    })
  })
}

async function* piecesOf(dump: string, pauseMs: number): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces: AsyncIterable<Uint8Array> = createReadStream(dump, {highWaterMark: PIECE_BYTES})
  for await (const piece of pieces) {
    yield piece
    if (pauseMs > 0) await delay(pauseMs)
  }
}

const VERSION = {apiVersion: 'kwok.x-k8s.io/v1alpha1'}

/** kwok insists on stages of life; these are nobody's. */
export const NO_STAGES: readonly object[] = ['Pod', 'Node'].map((kind) => {
  const selector = {matchLabels: {kwok: 'nobody'}}
  return {
    ...VERSION,
    kind: 'Stage',
    metadata: {name: `no-${kind.toLowerCase()}`},
    spec: {resourceRef: {apiGroup: 'v1', kind}, selector, next: {}},
  }
})

/** The configuration of kwok for a pod; `port` where its admin port listens. */
export function kwokObjects({namespace, name, dump, programs, pace}: PodBehaviour, port: number | undefined): readonly object[] {
  const env = {DUMP: dump, PROGRAMS: programs.join(' '), PACE: pace ?? ''}
  const envs = Object.entries(env).map(([key, value]) => ({name: key, value}))
  const exec = {...VERSION, kind: 'Exec', metadata: {name, namespace}, spec: {execs: [{local: {workDir: '/', envs}}]}}
  const forwards = [{ports: [15_000], target: {port, address: '127.0.0.1'}}]
  return port === undefined ? [exec] : [exec, {...VERSION, kind: 'PortForward', metadata: {name, namespace}, spec: {forwards}}]
}
