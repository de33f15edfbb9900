import type {Tri} from '../../flow/tri.js'
import type {Semantics} from '../semantics.js'
import {pathOnly} from './path.js'
import {isFrom} from './version.js'

/**
 * The path (without query) as matchers see it where ignore_path_parameters_in_path_matching holds; more than one where that depends on
 * the patch release. Since 1.40 a parameter ends with its segment, and since 1.36.10, 1.37.6, 1.38.4 and 1.39.1, which the minor version
 * does not tell apart; `before` is what a release without that change looks at (advisory BIT-envoy-2026-73511).
 */
export function pathsWithoutParameters(path: string, {before, semantics}: {before: string; semantics: Semantics}): readonly string[] {
  const bySegment = pathOnly(path).replaceAll(/;[^/]*/g, '')
  if (isFrom(semantics, {major: 1, minor: 40})) return [bySegment]
  const known = semantics.version !== undefined && !isFrom(semantics, {major: 1, minor: 36})
  return known || before === bySegment ? [before] : [before, bySegment]
}

/** No path meets no condition; paths that meet it differently leave it open. */
export function agreedOutcome([first = 'no', ...others]: readonly Tri[]): Tri {
  return others.every((other) => other === first) ? first : 'undetermined'
}
