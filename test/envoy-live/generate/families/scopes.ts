import fc from 'fast-check'
import {merged, type Message} from '../../message.js'
import {sink, type Scenario} from '../../scenario.js'
import {plainRequests} from '../connections.js'
import {requestWith} from '../http-request.js'
import {manager} from '../manager.js'
import type {Family} from './family.js'

const VALUES = ['a', 'b', 'k=a', 'k=b;j=a', 'a;b', 'k=a=b', 'k', ''] as const

const extractor = fc
  .tuple(
    fc.constantFrom('x-t', 'x-u'),
    fc.constantFrom<Message>(
      {index: 0},
      {element_separator: ';', index: 0},
      {element_separator: ';', index: 1},
      {element_separator: ';', element: {separator: '=', key: 'k'}},
      {element_separator: ',', element: {separator: '=', key: 'k'}},
    ),
  )
  .map(([name, how]) => ({header_value_extractor: {name, ...how}}))

const fragments = fc.array(
  fc.constantFrom('a', 'b', 'k=a', 'a;b', 'a=b').map((string_key) => ({string_key})),
  {minLength: 1, maxLength: 2},
)

const scopes = fc.uniqueArray(fragments, {minLength: 1, maxLength: 4, selector: (list) => JSON.stringify(list)}).map((keys) =>
  keys.map((list, index) => ({
    name: `scope${index}`,
    key: {fragments: list},
    route_configuration: {
      name: `table${index}`,
      virtual_hosts: [
        {name: `v${index}`, domains: ['*'], routes: [{name: `r${index}`, match: {prefix: '/'}, route: {cluster: sink(index)}}]},
      ],
    },
  })),
)

/** Route tables by scope: the key is made of headers. */
const scoped: fc.Arbitrary<Scenario> = fc
  .record({
    builders: fc.array(extractor, {minLength: 1, maxLength: 2}),
    scoped_route_configurations: scopes,
    probes: plainRequests(requestWith({'x-t': [...VALUES], 'x-u': [...VALUES]})),
  })
  .map(({builders, scoped_route_configurations, probes}) => {
    const scoped_routes = merged([
      {name: 'scopes', scope_key_builder: {fragments: builders}, scoped_route_configurations_list: {scoped_route_configurations}},
    ])
    return {
      listener: {filter_chains: [{name: 'http', filters: [manager({scoped_routes})]}]},
      clusters: [],
      behind: [],
      probes,
    }
  })

export const SCOPES: readonly Family[] = [{name: 'scoped routes', scenarios: scoped, portion: 0.3}]
