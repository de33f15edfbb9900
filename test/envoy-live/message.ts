/** A protobuf message in its JSON form. */
export type Message = Readonly<Record<string, unknown>>

export const TYPE = 'type.googleapis.com/'

/** A TypedExtensionConfig. */
export function extension(name: string, type: string, fields: Message = {}): Message {
  return {name, typed_config: {'@type': `${TYPE}${type}`, ...fields}}
}

export function socketAddress(address: string, port: number): Message {
  return {socket_address: {address, port_value: port}}
}

/** The field with its value, or nothing: for optional fields of generated messages. */
export function field(name: string, value: unknown): Message {
  return value === undefined ? {} : {[name]: value}
}

/** Messages put together into one. */
export function merged(parts: readonly Message[]): Message {
  return parts.reduce((all, part) => ({...all, ...part}), {})
}
