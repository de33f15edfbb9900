import type {EnvoyVersion} from '../flow/envoy-version.js'
import {toNumber} from '../json/view.js'
import type {EnvoyConfig} from './config/model.js'

/** Rules that differ between Envoy versions; `undetermined` when the dump does not tell the version. */
export interface Semantics {
  readonly version?: EnvoyVersion
  /** A map key or list entry matched and its nested matcher found nothing: `final` up to 1.34, `resume` from 1.35 (envoy-2022 D2). */
  readonly nestedMiss: 'final' | 'resume' | 'undetermined'
  /** The same for prefix maps, where a runtime guard can restore the old rule (envoy-2022 D2, I.16). */
  readonly prefixMiss: 'final' | 'resume' | 'undetermined'
  /** Repeated header lines: joined by `,` (1.36) or matched one by one (1.40; since 1.39 by its changelog) (envoy-2022 I.6). */
  readonly headerLines: 'joined' | 'single' | 'undetermined'
  /** ORIGINAL_DST knows metadata_key (from 1.28) (envoy-2022 D9). */
  readonly originalDstMetadataKey: boolean | undefined
  /** Headers a route adds are seen by ORIGINAL_DST (from 1.36) (envoy-2022 I.10). */
  readonly originalDstSeesRouteHeaders: boolean | undefined
  /** Clients that count as internal when `internal_address_config` does not say: private addresses up to 1.32, none from 1.33 unless a guard restores them (until 1.35). */
  readonly internalByDefault: 'private' | 'none' | 'undetermined'
  /** Internal listeners restore addresses from metadata through original_dst (no-op in 1.24) (envoy-2022 D1). */
  readonly internalOriginalDst: boolean | undefined
}

/**
 * Version from `--envoy-version`, else the bootstrap node; for want of both, what the release of Istio has at least decides what it can
 * (envoy-2022 A.8).
 */
export function semanticsOf(config: Pick<EnvoyConfig, 'node' | 'runtime'>, override?: EnvoyVersion): Semantics {
  const version = override ?? config.node.version
  const from = (major: number, minor: number): boolean | undefined => {
    if (version !== undefined) return reaches(version, {major, minor})
    return config.node.atLeast !== undefined && reaches(config.node.atLeast, {major, minor}) ? true : undefined
  }
  const nestedMiss = pick(from(1, 35), {yes: 'resume', no: 'final'})
  return {
    ...(version === undefined ? {} : {version}),
    nestedMiss,
    prefixMiss: guardOff(config, 'prefix_map_matcher_resume_after_subtree_miss') && from(1, 40) === false ? 'final' : nestedMiss,
    headerLines: guardOff(config, 'match_headers_individually') ? 'joined' : pick(from(1, 39), {yes: 'single', no: 'joined'}),
    originalDstMetadataKey: from(1, 28),
    originalDstSeesRouteHeaders: from(1, 36),
    internalByDefault: internalByDefault(config, from),
    internalOriginalDst: from(1, 25),
  }
}

/** Envoy 1.32 brought guard `explicit_internal_address_config` (with backports), 1.33 turned it on, 1.36 removed it. */
function internalByDefault(
  config: Pick<EnvoyConfig, 'runtime'>,
  from: (major: number, minor: number) => boolean | undefined,
): Semantics['internalByDefault'] {
  const guard = 'explicit_internal_address_config'
  if (guardOff(config, guard)) return pick(from(1, 36), {yes: 'none', no: 'private'})
  return guardOn(config, guard) ? 'none' : pick(from(1, 33), {yes: 'none', no: 'private'})
}

function guardOn(config: Pick<EnvoyConfig, 'runtime'>, guard: string): boolean {
  const value = config.runtime.get(`envoy.reloadable_features.${guard}`)
  return value === true || value === 'true' || toNumber(value) === 1
}

function reaches(version: EnvoyVersion, first: EnvoyVersion): boolean {
  return version.major > first.major || (version.major === first.major && version.minor >= first.minor)
}

function pick<T extends string>(value: boolean | undefined, choice: {yes: T; no: T}): T | 'undetermined' {
  return value === undefined ? 'undetermined' : value ? choice.yes : choice.no
}

/** A runtime guard `envoy.reloadable_features.<guard>` is set to false: the older behaviour is in force where the version still has it. */
export function guardOff(config: Pick<EnvoyConfig, 'runtime'>, guard: string): boolean {
  const value = config.runtime.get(`envoy.reloadable_features.${guard}`)
  return value === false || value === 'false' || toNumber(value) === 0
}
