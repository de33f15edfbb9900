import fc from 'fast-check'
import type {Message} from '../../message.js'
import type {Scenario} from '../../scenario.js'
import {forgingFilters} from '../chains.js'
import {forgedConnections} from '../connections.js'
import {ABSENT_SERVICES} from '../http-filters.js'
import {knownFilters, LABELLED, refusingFilters} from '../network-filters.js'
import type {Family} from './family.js'

function networkScenario(filters: fc.Arbitrary<readonly Message[]>): fc.Arbitrary<Scenario> {
  return fc
    .record({listener_filters: forgingFilters, chosen: filters, probes: forgedConnections()})
    .map(({listener_filters, chosen, probes}) => ({
      listener: {listener_filters, filter_chains: [{name: 'tcp', filters: chosen}]},
      clusters: [LABELLED, ...ABSENT_SERVICES],
      behind: [],
      probes,
    }))
}

export const NETWORK_FILTERS: readonly Family[] = [
  {name: 'network filters', scenarios: networkScenario(knownFilters)},
  {name: 'network filters that refuse', scenarios: networkScenario(refusingFilters), portion: 0.5, conditional: 0.8},
]
