import type {Finding} from '../../flow/finding.js'
import type {Hop} from '../../flow/trace.js'
import type {Step} from '../../flow/step.js'
import {evidenceOf as evidenceOfView, type EnvoyConfig, type Resource} from '../../envoy/config/model.js'
import {endsOf, evidenceOf, lastStep, placeText} from './ends.js'
import {hopsOf, type Scene} from './scene.js'

/**
 * Envoy leaves endpoints out of its dump unless it is asked for them: that is not an empty cluster.
 * Source: ambient-ga D.1, envoy-2022 D8; istio issue 54979.
 */
export function missingEndpoints(scene: Scene): readonly Finding[] {
  return endsOf(scene, 'undetermined')
    .flatMap(({hop, steps}) => {
      const config = scene.envoyOf(hop.place)
      const cluster = clusterOf(config, lastStep(steps, 'cluster')?.name)
      if (config === undefined || cluster === undefined || config.endpoints(cluster).kind !== 'no-endpoints-section') return []
      const {namespace, name} = hop.place
      return [
        {
          kind: 'endpoints-not-collected',
          text: `the dump of ${placeText(hop.place)} lacks EDS: collect it again with ?include_eds, as \`ambientctl dump ${namespace === undefined ? name : `${namespace}/${name}`}\` does; no endpoint of it is known`,
          evidence: [evidenceOfView(config, cluster.view)],
        },
      ]
    })
    .slice(0, 1)
}

/**
 * Endpoints whose assignments lost the names of their clusters, told which cluster they belong to by what they hold.
 * Source: envoy-2022 D8; istio issue 42022.
 */
export function inferredEndpoints(scene: Scene): readonly Finding[] {
  return hopsOf(scene)
    .flatMap((hop) => hop.next.flatMap(({steps}) => inferredAt(scene, {hop, steps: [...hop.steps, ...steps]})))
    .slice(0, 1)
}

interface Passage {
  readonly hop: Hop
  readonly steps: readonly Step[]
}

function inferredAt(scene: Scene, {hop, steps}: Passage): readonly Finding[] {
  const config = scene.envoyOf(hop.place)
  if (config === undefined) return []
  return steps.flatMap((step) => {
    const join = step.kind === 'cluster' && step.type === 'EDS' ? inferredJoin(config, step.name) : undefined
    if (join === undefined) return []
    return [
      {
        kind: 'endpoints-inferred',
        text: `endpoint assignments of ${placeText(hop.place)} have no cluster_name (istio#42022): joined by what they hold, ${FITS.get(join) ?? join} (inferred)`,
        evidence: evidenceOf(step),
      },
    ]
  })
}

function inferredJoin(config: EnvoyConfig, name: string): string | undefined {
  const cluster = config.cluster(name)
  const found = cluster === undefined ? undefined : config.endpoints(cluster)
  if (found?.kind === 'ambiguous') return 'ambiguous'
  return found?.kind === 'found' && found.inferred ? found.join : undefined
}

/** What the ways to join say, in words (envoy-2022 D8). */
const FITS: ReadonlyMap<string, string> = new Map([
  ['exact', 'exactly one fits'],
  ['set-equivalent', 'several fit, all with the same endpoints'],
  ['ambiguous', 'several fit, and they differ'],
])

function clusterOf(config: EnvoyConfig | undefined, name: string | undefined): Resource | undefined {
  return name === undefined ? undefined : config?.cluster(name)
}
