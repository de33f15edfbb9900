import {once} from 'node:events'
import {createServer} from 'node:net'

/** Below the range that clients get their ports from, so that no connection of the run can be in the way. */
const FIRST = 12_000
const LAST = 31_999

/** Ports of 127.0.0.1 that nobody listens on; the search starts somewhere else in every process. */
export function portSearch(): PortSearch {
  const size = LAST - FIRST + 1
  let step = 0
  return {next: () => FIRST + ((process.pid * 797 + step++) % size)}
}

export interface PortSearch {
  readonly next: () => number
}

export async function freePorts(search: PortSearch, count: number): Promise<number[]> {
  const found: number[] = []
  while (found.length < count) {
    const port = search.next()
    if (await isFree(port)) found.push(port)
  }
  return found
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({host: '127.0.0.1', port, exclusive: true})
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
