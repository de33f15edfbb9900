import fc from 'fast-check'
import {merged, type Message} from '../message.js'
import {headerChanges, routeAction} from './route-action.js'
import {routeMatch} from './route-match.js'

const DOMAINS = [
  'a.test',
  'b.test',
  '*.test',
  '*.a.test',
  'a.*',
  'x.a.*',
  'c.*',
  '*.org',
  'a.test:8080',
  '*:8080',
  '10.1.1.1:80',
  '*-b.test',
] as const

const route: fc.Arbitrary<Message> = fc
  .tuple(routeMatch, routeAction, headerChanges)
  .map(([match, action, changes]) => ({match, ...('path_match_policy' in match ? withoutPrefixRewrite(action) : action), ...changes}))

/** Envoy refuses prefix_rewrite beside a path template. */
function withoutPrefixRewrite(action: Message): Message {
  return Object.fromEntries(
    Object.entries(action).map(([kind, fields]) => [kind, typeof fields === 'object' ? {...fields, prefix_rewrite: undefined} : fields]),
  )
}

/** A RouteConfiguration: every domain stands once in it, as Envoy demands. */
export function routeTable(extra: {
  vhost?: fc.Arbitrary<Message>
  route?: fc.Arbitrary<Message>
  table?: fc.Arbitrary<Message>
}): fc.Arbitrary<Message> {
  const none = fc.constant<Message>({})
  const routes = fc.array(
    fc.tuple(route, extra.route ?? none).map(([one, more]) => ({...one, ...more})),
    {minLength: 1, maxLength: 5},
  )
  const host = fc
    .tuple(
      routes,
      headerChanges,
      extra.vhost ?? none,
      fc.constantFrom<Message>({}, {}, {}, {}, {}, {}, {require_tls: 'ALL'}, {require_tls: 'EXTERNAL_ONLY'}),
    )
    .map(([list, ...fields]): Host => ({routes: list, fields: merged(fields)}))
  return fc
    .tuple(
      fc.array(host, {minLength: 1, maxLength: 3}),
      fc.shuffledSubarray([...DOMAINS], {minLength: 4, maxLength: 8}),
      fc.boolean(),
      fc.tuple(tableOptions, extra.table ?? none).map(merged),
    )
    .map(([hosts, domains, catchAll, options]) => ({
      name: 'table',
      validate_clusters: false,
      virtual_hosts: virtualHosts(hosts, {domains, catchAll}),
      ...options,
    }))
}

const tableOptions: fc.Arbitrary<Message> = fc
  .tuple(
    headerChanges,
    fc.constantFrom<Message>({}, {}, {ignore_port_in_host_matching: true}),
    fc.constantFrom<Message>({}, {}, {}, {ignore_path_parameters_in_path_matching: true}),
    fc.constantFrom<Message>({}, {}, {most_specific_header_mutations_wins: true}),
  )
  .map(merged)

interface Host {
  readonly routes: readonly Message[]
  readonly fields: Message
}

function virtualHosts(hosts: readonly Host[], {domains, catchAll}: {domains: readonly string[]; catchAll: boolean}): Message[] {
  return hosts.map((host, index) => ({
    name: `v${index}`,
    ...host.fields,
    domains: [...(catchAll && index === 0 ? ['*'] : []), ...domains.filter((_, place) => place % hosts.length === index)],
    routes: host.routes.map((one, place) => ({name: `v${index}r${place}`, ...one})),
  }))
}
