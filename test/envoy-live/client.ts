import {once} from 'node:events'
import {
  connect as connectHttp2,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import {connect, type Socket, type TcpNetConnectOpts} from 'node:net'
import type {Duplex} from 'node:stream'
import {setTimeout as delay} from 'node:timers/promises'
import {z} from 'zod'
import {headerOf, parseHead} from './http-text.js'
import type {Probe, Reply, Request, Sent, UpstreamView} from './probe.js'
import {tlsOver} from './tls-client.js'
import {ECHO_HEADER} from './upstream.js'
import {clientHello, proxyHeader} from './wire.js'

const REPLY_LIMIT_MS = 15_000
const PING = Buffer.from('PING x\n')

const upstreamView = z.object({
  reached: z.string(),
  from: z.string().optional(),
  announced: z.string().optional(),
  method: z.string().optional(),
  path: z.string().optional(),
  headers: z.array(z.tuple([z.string(), z.string()])).optional(),
})

export interface Exchange {
  /** The client's own port: the access log names it too. */
  readonly port: number
  readonly reply: Reply
}

/** Makes one connection of a probe to a listener, and reads what comes back. */
export async function exchange(probe: Probe, listenerPort: number): Promise<Exchange> {
  const socket = await connected({host: LISTENS_AT, port: listenerPort, ...boundTo(probe.from), noDelay: true})
  const port = socket.localPort ?? 0
  if (probe.claimed !== undefined) socket.write(proxyHeader(probe.claimed))
  try {
    return {port, reply: await withinLimit(talk(socket, probe))}
  } finally {
    socket.destroy()
  }
}

const LISTENS_AT = '127.0.0.1'

/**
 * What the kernel takes by itself is not asked for: a socket that is bound first needs a port that no ended connection of the last minute
 * holds either, and there are more of those than ports. An unbound one may share its port with connections to other listeners.
 */
function boundTo(from: string): Pick<TcpNetConnectOpts, 'localAddress'> {
  return from === LISTENS_AT ? {} : {localAddress: from}
}

/** Together longer than the minute a connection stays in TIME_WAIT. */
const ATTEMPTS = 80
const PAUSE_MS = 1_000

/** Where every port of an address is held, one is free again after a while. */
async function connected(options: TcpNetConnectOpts): Promise<Socket> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = connect(options)
    // A reset shows again as `close`, where it is understood.
    socket.on('error', () => undefined)
    try {
      await once(socket, 'connect')
      return socket
    } catch (error) {
      socket.destroy()
      if (attempt === ATTEMPTS || !isPortTaken(error)) throw error
      await delay(PAUSE_MS)
    }
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EADDRNOTAVAIL')
}

function talk(socket: Socket, {sends}: Probe): Promise<Reply> {
  switch (sends.kind) {
    case 'opaque':
      return sendBytes(socket, PING)
    case 'hello':
      return sendBytes(socket, clientHello(sends))
    case 'tls':
      return sendThroughTls(socket, sends)
    case 'http':
      return sends.version === 'h2' ? sendHttp2(socket, sends.request) : sendHttp1(socket, sends.request)
    default:
      return sends satisfies never
  }
}

async function withinLimit(reply: Promise<Reply>): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<Reply>((resolve) => (timer = setTimeout(() => resolve({result: 'timeout'}), REPLY_LIMIT_MS)))
  return Promise.race([reply, limit]).finally(() => clearTimeout(timer))
}

/** A handshake, then a request or a few bytes; who is no TLS server is heard as he speaks. */
function sendThroughTls(socket: Socket, {sni, alpn, request}: Extract<Sent, {kind: 'tls'}>): Promise<Reply> {
  const {inside, unencrypted} = tlsOver(socket, {sni, alpn})
  const plain = unencrypted.then(
    (text): Reply => (text.startsWith('{') ? {result: 'tcp_reply', upstream: readUpstream(text)} : {result: 'data'}),
  )
  return Promise.race([plain, request === undefined ? sendBytes(inside, PING) : sendHttp1(inside, request)])
}

/** An answer line of an upstream, or any other bytes, or the end. */
function sendBytes(socket: Duplex, bytes: Buffer): Promise<Reply> {
  socket.write(bytes)
  return firstReply(socket, (text) => {
    if (!text.startsWith('{')) return {result: 'data'}
    return text.endsWith('\n') ? {result: 'tcp_reply', upstream: readUpstream(text)} : undefined
  })
}

function sendHttp1(socket: Duplex, request: Request): Promise<Reply> {
  const lines = [
    `${request.method} ${request.path ?? request.authority} HTTP/1.1`,
    `host: ${request.authority}`,
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  const reply = firstReply(socket, (text) => readResponse(text, request.method))
  return request.method === 'CONNECT' ? reply.then((accepted) => insideTunnel(accepted, () => sendBytes(socket, PING))) : reply
}

/** A tunnel that ends at the proxy shows its upstream only to bytes sent through it. */
async function insideTunnel(accepted: Reply, send: () => Promise<Reply>): Promise<Reply> {
  if (accepted.status !== 200 || accepted.upstream !== undefined) return accepted
  const {upstream} = await send()
  return upstream === undefined ? accepted : {...accepted, upstream}
}

/** Undefined while the response is not complete. */
function readResponse(text: string, method: string): Reply | undefined {
  if (!'HTTP/1.1 '.startsWith(text.slice(0, 9))) return {result: 'data'}
  const head = parseHead(text)
  if (head === undefined) return undefined
  const expected = method === 'HEAD' || method === 'CONNECT' ? 0 : Number(headerOf(head, 'content-length') ?? 0)
  const body = text.slice(head.length)
  if (body.length < expected) return undefined
  return response({status: Number(head.first.split(' ')[1]), location: headerOf(head, 'location'), echo: headerOf(head, ECHO_HEADER)})
}

function response({status, location, echo}: {status: number; location: string | undefined; echo: string | undefined}): Reply {
  const upstream = echo === undefined ? undefined : readUpstream(Buffer.from(echo, 'base64').toString())
  return {
    result: 'response',
    status,
    ...(location === undefined ? {} : {location}),
    ...(upstream === undefined ? {} : {upstream}),
  }
}

function readUpstream(json: string): UpstreamView {
  return upstreamView.parse(JSON.parse(json))
}

function firstReply(socket: Duplex, read: (text: string) => Reply | undefined): Promise<Reply> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const reply = read(text)
      if (reply !== undefined) resolve(reply)
    })
    socket.on('error', () => resolve(unfinished(text)))
    socket.on('end', () => resolve(unfinished(text)))
    socket.on('close', () => resolve(unfinished(text)))
  })
}

function unfinished(text: string): Reply {
  return {result: text === '' ? 'closed' : 'data'}
}

function sendHttp2(socket: Socket, request: Request): Promise<Reply> {
  return new Promise((resolve) => {
    const closed = (): void => resolve({result: 'closed'})
    const session = connectHttp2('http://loopback', {createConnection: () => socket})
    session.on('error', closed).on('close', closed)
    readStream(session, request).then(resolve, closed)
  })
}

async function readStream(session: ClientHttp2Session, request: Request): Promise<Reply> {
  const stream = session.request(
    {
      ':method': request.method,
      ':authority': request.authority,
      ...(request.path === undefined ? {} : {':path': request.path, ':scheme': 'http'}),
      ...linesByName(request),
    },
    {endStream: request.method !== 'CONNECT'},
  )
  const headers = await new Promise<IncomingHttpHeaders & IncomingHttpStatusHeader>((resolve, reject) => {
    stream
      .once('response', resolve)
      .once('error', reject)
      .once('close', () => reject(new Error('closed')))
  })
  const echo = headers[ECHO_HEADER]
  const reply = response({status: headers[':status'] ?? 0, location: headers.location, echo: typeof echo === 'string' ? echo : undefined})
  const complete = request.method === 'CONNECT' ? await insideTunnel(reply, () => pingStream(stream)) : reply
  session.destroy()
  return complete
}

function pingStream(stream: ClientHttp2Stream): Promise<Reply> {
  stream.write(PING)
  return firstReply(stream, (text) => (text.endsWith('\n') ? {result: 'tcp_reply', upstream: readUpstream(text)} : undefined))
}

function linesByName({headers}: Request): Record<string, string[]> {
  const lines = new Map<string, string[]>()
  for (const [name, value] of headers) lines.set(name, [...(lines.get(name) ?? []), value])
  return Object.fromEntries(lines)
}
