import type {SocketAddress} from '../flow/address.js'

/** Whether a process accepts TCP connections at an address; undefined where nobody looked. */
export type Listening = (address: SocketAddress) => boolean | undefined
