import {isObject, type View} from '../../json/view.js'

/** Deeper nesting than this is no runtime key anybody wrote. */
const MAX_DEPTH = 32

export interface Runtime {
  readonly values: ReadonlyMap<string, unknown>
  readonly warnings: readonly string[]
}

/**
 * Flat runtime values of `bootstrap.layered_runtime`: nested objects become dotted keys, a later layer wins.
 * Source: envoy source/common/runtime/runtime_impl.cc (walkProtoValue).
 */
export function readRuntime(bootstrap: View | undefined): Runtime {
  const values = new Map<string, unknown>()
  const layers = bootstrap?.get('layered_runtime')?.list('layers') ?? []
  const structs = layers.flatMap((layer) => [layer.get('static_layer'), layer.get('admin_layer')])
  for (const struct of structs) flatten(struct?.value, {values, prefix: []})
  return {values, warnings: layers.flatMap(unseenLayer)}
}

function flatten(value: unknown, {values, prefix}: {values: Map<string, unknown>; prefix: readonly string[]}): void {
  if (!isObject(value) || isFraction(value)) {
    if (value !== undefined && value !== null && prefix.length > 0) values.set(prefix.join('.'), value)
    return
  }
  if (prefix.length > MAX_DEPTH) return
  for (const key of Object.keys(value)) flatten(value[key], {values, prefix: [...prefix, key]})
}

/** A FractionalPercent is one value, not a level. */
function isFraction(value: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(value, 'numerator') || Object.hasOwn(value, 'denominator')
}

function unseenLayer(layer: View): string[] {
  const source = ['disk_layer', 'rtds_layer'].find((field) => layer.get(field) !== undefined)
  return source === undefined
    ? []
    : [`runtime layer ${layer.str('name') ?? ''} (${source}) is not part of a config dump: its values are unknown`]
}
