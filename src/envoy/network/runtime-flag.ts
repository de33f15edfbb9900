import type {View} from '../../json/view.js'

/** A RuntimeFeatureFlag: the runtime value, else the default; undefined when there is no flag at all. */
export function runtimeFlag(flag: View | undefined, runtime: ReadonlyMap<string, unknown>): boolean | undefined {
  if (flag === undefined) return undefined
  const key = flag.str('runtime_key') ?? ''
  const override = key === '' ? undefined : runtime.get(key)
  if (typeof override === 'boolean') return override
  // Defaults are left out of dumps: a BoolValue that is absent, or false.
  return flag.bool('default_value') === true
}
