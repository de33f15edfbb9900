/** The release line of an Envoy; patch releases keep the rules that are modelled. */
export interface EnvoyVersion {
  readonly major: number
  readonly minor: number
}

/** `1.24`, `v1.24` or `1.24.3`; undefined for other texts. */
export function parseEnvoyVersion(text: string): EnvoyVersion | undefined {
  const [, major, minor] = /^v?(\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?$/.exec(text) ?? []
  return major === undefined || minor === undefined ? undefined : {major: Number(major), minor: Number(minor)}
}
