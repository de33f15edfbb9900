import type {EnvoyConfig} from '../envoy/config/model.js'
import {rejectionText} from '../envoy/config/resources.js'
import type {DumpStore} from '../json/store.js'
import {referencesOf, type References} from './dump-references.js'

/**
 * What the dump of an Envoy shows and does not hold, each as one phrase: updates that were rejected, and what it refers to that has not
 * arrived. Source: envoy-2022 D8 (error_state, warming secrets, ECDS).
 */
export function gapsOf(config: EnvoyConfig, store: DumpStore): readonly string[] {
  const references = referencesOf(config, store)
  return [
    ...rejectedListeners(config),
    ...rejectedResources(store),
    ...references.undelivered,
    ...missingRoutes({config, store, references}),
    ...missingSecrets({config, store, references}),
  ]
}

/** Listeners first: what no connection can be walked through is told beside them. */
function rejectedListeners(config: EnvoyConfig): readonly string[] {
  const noted = config
    .listeners()
    .flatMap(({name, rejectedUpdate, view}) => [
      ...(rejectedUpdate === undefined ? [] : [`listener ${name}: an update was rejected: ${rejectedUpdate}`]),
      ...(view.path('address', 'socket_address')?.str('protocol') === 'UDP' ? [`listener ${name} takes UDP: it cannot be walked`] : []),
    ])
  return [...noted, ...config.rejectedListeners().map(({name, details}) => `listener ${name}: an update was rejected: ${details}`)]
}

/** Lists whose entries may have an error_state; bodies of secrets are never read. */
const MAY_BE_REJECTED: readonly (readonly [section: string, noun: string])[] = [
  ['dynamic_active_clusters', 'cluster'],
  ['dynamic_warming_clusters', 'cluster'],
  ['dynamic_endpoint_configs', 'endpoints of cluster'],
  ['dynamic_route_configs', 'route table'],
  ['dynamic_scoped_route_configs', 'scoped routes'],
  ['ecds_filters', 'ECDS filter'],
]

/** Bytes are searched before an entry is read: a dump has thousands, and hardly one was rejected. */
function rejectedResources(store: DumpStore): readonly string[] {
  return MAY_BE_REJECTED.flatMap(([section, noun]) =>
    [...store.refs(section)].flatMap((ref) => {
      if (!MENTIONS_ERROR.test(Buffer.from(store.raw(ref)).toString('latin1'))) return []
      const error = store.read(ref).get('error_state')
      return error === undefined ? [] : [`${noun} ${ref.name ?? '(unnamed)'}: an update was rejected: ${rejectionText(error)}`]
    }),
  )
}

const MENTIONS_ERROR = /error_?state/i

interface Asked {
  readonly config: EnvoyConfig
  readonly store: DumpStore
  readonly references: References
}

function missingRoutes({config, store, references: {routes}}: Asked): readonly string[] {
  if (!hasSection(store, 'RoutesConfigDump')) return lacking('routes', routes.size)
  return [...routes].flatMap(([name, by]) =>
    config.routeTable(name) === undefined ? [`route table ${name} is not in the dump, and ${by} refers to it: requests get 404`] : [],
  )
}

function missingSecrets({config, store, references: {secrets}}: Asked): readonly string[] {
  if (!hasSection(store, 'SecretsConfigDump')) return lacking('secrets', secrets.size)
  return [...secrets].flatMap(([name, by]) => {
    const state = config.secret(name)?.state
    if (state === 'warming') return [`secret ${name} has not arrived, and ${by} waits for it: TLS cannot be served`]
    return state === undefined ? [`secret ${name} is not in the dump, and ${by} refers to it`] : []
  })
}

function hasSection(store: DumpStore, kind: string): boolean {
  return store.configTypes().some((type) => type.includes(kind))
}

/** A dump that was cut down says nothing of single names. */
function lacking(kind: string, count: number): readonly string[] {
  return count === 0 ? [] : [`the dump lacks its section of ${kind}, and refers to ${count} of them: collect it again whole`]
}
