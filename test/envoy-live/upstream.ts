import {once} from 'node:events'
import {createServer, type Server, type Socket} from 'node:net'
import {headerOf, parseHead, type Head} from './http-text.js'

/** How many addresses answer; host `n` of a generated cluster is the n-th of them. */
const HOST_COUNT = 8

/** The servers behind every Envoy of a run: loopback addresses that answer on one port. */
export interface Upstreams {
  readonly port: number
  readonly close: () => Promise<void>
}

/** Where an upstream writes what it saw of a request; a body would be missing from the answer to HEAD. */
export const ECHO_HEADER = 'x-echo'

export function hostAddress(host: number): string {
  return `127.77.0.${host + 1}`
}

/** Answers a request with what it saw of it, and any other bytes with one line that says where they came in. */
export async function startUpstreams(): Promise<Upstreams> {
  const sockets = new Set<Socket>()
  const first = await listen(answering(sockets), {host: hostAddress(0), port: 0})
  const address = first.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const rest = Array.from({length: HOST_COUNT - 1}, (_, index) => listen(answering(sockets), {host: hostAddress(index + 1), port}))
  const servers = [first, ...(await Promise.all(rest))]
  return {port, close: () => closeAll(servers, sockets)}
}

async function listen(server: Server, at: {host: string; port: number}): Promise<Server> {
  server.listen(at)
  await once(server, 'listening')
  return server
}

async function closeAll(servers: readonly Server[], sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy()
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
}

function answering(sockets: Set<Socket>): Server {
  return createServer((socket) => {
    sockets.add(socket)
    let text = ''
    let tunnel: string | undefined
    let told = false
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const answer = told ? undefined : answerTo(text, {socket, tunnel})
      if (answer === undefined) return
      text = ''
      tunnel = answer.tunnel
      told = answer.last === true
      socket.write(answer.text)
    })
  })
}

interface Receiving {
  readonly socket: Socket
  readonly tunnel: string | undefined
}

interface Answer {
  readonly text: string
  /** What was seen of a CONNECT: it is told inside the tunnel too. */
  readonly tunnel: string | undefined
  /** Whatever comes after is the body of a request that was answered already. */
  readonly last?: true
}

/** Version 1, with the addresses of one family. */
const PROXY_HEADER = /^PROXY TCP[46] (\S+) (\S+) (\d+) (\d+)\r\n/

/** Undefined while the head of a request is not complete. */
function answerTo(received: string, {socket: {localAddress = '', remoteAddress = ''}, tunnel}: Receiving): Answer | undefined {
  const [header = '', source, destination, sourcePort, destinationPort] = PROXY_HEADER.exec(received) ?? []
  const text = received.slice(header.length)
  if (text === '') return undefined
  const announced = source === undefined ? {} : {announced: `${source}:${sourcePort} > ${destination}:${destinationPort}`}
  const met = {reached: localAddress, from: remoteAddress, ...announced}
  if (!/^[A-Z-]{3,} \S+ HTTP\/1\.[01]\r\n/.test(text)) return {text: `${tunnel ?? JSON.stringify(met)}\n`, tunnel}
  const head = parseHead(text)
  return head === undefined ? undefined : answerRequest(head, {met, tunnel})
}

/** A CONNECT is accepted; inside its tunnel only the CONNECT is told. A POST without known length is a tunnel too. */
function answerRequest({first, headers}: Head, {met, tunnel}: {met: object; tunnel: string | undefined}): Answer {
  const [method = '', target = ''] = first.split(' ')
  const seen = tunnel ?? JSON.stringify({...met, method, ...(method === 'CONNECT' ? {} : {path: target}), headers})
  const echo = `HTTP/1.1 200 OK\r\n${ECHO_HEADER}: ${Buffer.from(seen).toString('base64')}\r\n`
  if (method === 'POST' && headerOf({headers}, 'transfer-encoding') === 'chunked') {
    const length = Buffer.byteLength(`${seen}\n`).toString(16)
    return {text: `${echo}transfer-encoding: chunked\r\n\r\n${length}\r\n${seen}\n\r\n`, tunnel, last: true}
  }
  return method === 'CONNECT' ? {text: `${echo}\r\n`, tunnel: seen} : {text: `${echo}content-length: 0\r\n\r\n`, tunnel}
}
