/**
 * A read-only cursor over parsed JSON that remembers its RFC 6901 pointer.
 * `get` accepts the proto field name and finds the lowerCamel spelling too, because dumps come in both.
 * Absent fields and JSON null read as undefined: proto3 JSON leaves defaults out. Unknown fields stay reachable through `value`.
 */
export class View {
  constructor(
    readonly value: unknown,
    readonly pointer: string,
  ) {}

  /** A message field, by its proto (snake_case) name. */
  get(field: string): View | undefined {
    return this.own(field) ?? (field.includes('_') ? this.own(lowerCamel(field)) : undefined)
  }

  /** A key of a map or Struct, spelled exactly so. */
  own(key: string): View | undefined {
    if (!isObject(this.value) || !Object.hasOwn(this.value, key)) return undefined
    const value = this.value[key]
    return value === null || value === undefined ? undefined : new View(value, `${this.pointer}/${escapeToken(key)}`)
  }

  path(...fields: readonly string[]): View | undefined {
    return fields.reduce<View | undefined>((view, field) => view?.get(field), this)
  }

  str(field: string): string | undefined {
    const value = this.get(field)?.value
    return typeof value === 'string' ? value : undefined
  }

  /** A number, also when printed as a string (64-bit integers in proto3 JSON). */
  num(field: string): number | undefined {
    return toNumber(this.get(field)?.value)
  }

  /** A uint32; undefined for what it cannot hold (-1, 1.5, 1e21), and where it is left out. */
  uint(field: string): number | undefined {
    const value = this.num(field)
    return value !== undefined && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff ? value : undefined
  }

  /** A port number, 0 where proto3 leaves it out; undefined for what can be no port (1.5, 70000). */
  port(field: string): number | undefined {
    const port = this.get(field) === undefined ? 0 : this.num(field)
    return port !== undefined && isPort(port) ? port : undefined
  }

  /** A bool; a BoolValue wrapper prints the same way. Absent is undefined. */
  bool(field: string): boolean | undefined {
    const value = this.get(field)?.value
    return typeof value === 'boolean' ? value : undefined
  }

  /** Elements of a repeated field; empty when absent or not a list. */
  list(field: string): View[] {
    return this.get(field)?.items() ?? []
  }

  /** Elements of this view when it is a list. */
  items(): View[] {
    const {value} = this
    return Array.isArray(value) ? value.map((item: unknown, index) => new View(item, `${this.pointer}/${index}`)) : []
  }

  /** Keys and values of a map field, in document order. */
  entries(): [string, View][] {
    const {value} = this
    if (!isObject(value)) return []
    return Object.keys(value).map((key) => [key, new View(value[key], `${this.pointer}/${escapeToken(key)}`)])
  }

  /** The text of this view when it is a string. */
  text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined
  }

  /** Last part of `@type`: `envoy.config.listener.v3.Listener`. For a TypedStruct its `type_url` instead. */
  typeName(): string | undefined {
    const own = typeSuffix(this.own('@type')?.text())
    return own?.endsWith('.TypedStruct') ? (typeSuffix(this.str('type_url')) ?? own) : own
  }

  /** The fields of an Any: of the message itself, or of the `value` of a TypedStruct. Without one an empty message that points to the TypedStruct. */
  message(): View {
    return typeSuffix(this.own('@type')?.text())?.endsWith('.TypedStruct') ? (this.get('value') ?? new View({}, this.pointer)) : this
  }
}

export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(value) ? Number(value) : undefined
}

export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65_535
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** RFC 6901: `~` and `/` are escaped inside a reference token. */
export function escapeToken(token: string): string {
  // Most have none; pointers are made for each field that is read.
  return token.includes('~') || token.includes('/') ? token.replaceAll('~', '~0').replaceAll('/', '~1') : token
}

/** The last reference token of a pointer, as the key is spelled in the document. */
export function lastToken(pointer: string): string {
  return pointer
    .slice(pointer.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~')
}

function typeSuffix(type: string | undefined): string | undefined {
  return type?.slice(type.lastIndexOf('/') + 1)
}

/** By hand: it is asked for each field that a dump in snake_case leaves out. */
function lowerCamel(field: string): string {
  let camel = ''
  let from = 0
  for (let at = field.indexOf('_'); at !== -1; at = field.indexOf('_', at + 1)) {
    const letter = field.charAt(at + 1)
    if (!/[a-z0-9]/.test(letter)) continue
    camel += field.slice(from, at) + letter.toUpperCase()
    from = at + 2
  }
  return camel + field.slice(from)
}
