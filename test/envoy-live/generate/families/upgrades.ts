import fc from 'fast-check'
import {field, merged, type Message} from '../../message.js'
import type {Probe, Sent} from '../../probe.js'
import {sink, type Scenario} from '../../scenario.js'
import {manager} from '../manager.js'
import type {Family} from './family.js'

const TYPES = ['websocket', 'CONNECT', 'other', 'WebSocket'] as const

const enabled = fc.constantFrom<Message>({}, {}, {enabled: true}, {enabled: false})

function configs(most: number): fc.Arbitrary<readonly Message[]> {
  const config = fc.tuple(fc.constantFrom(...TYPES), enabled).map(([upgrade_type, rest]) => ({upgrade_type, ...rest}))
  return fc.uniqueArray(config, {maxLength: most, selector: ({upgrade_type}) => upgrade_type.toLowerCase()})
}

/** A route may allow a CONNECT, forbid it, or end it itself. */
const routeConfigs = fc
  .tuple(
    configs(2).map((list) => list.filter(({upgrade_type}) => upgrade_type !== 'CONNECT')),
    fc.option(fc.tuple(enabled, fc.constantFrom<Message>({}, {connect_config: {}}, {connect_config: {allow_post: true}})).map(merged), {
      nil: undefined,
      freq: 1,
    }),
  )
  .map(([list, connect]) => [...list, ...(connect === undefined ? [] : [{upgrade_type: 'CONNECT', ...connect}])])

const action = fc
  .tuple(fc.constantFrom(sink(0), sink(1), 'missing'), fc.option(routeConfigs, {nil: undefined}))
  .map(([cluster, upgrade_configs]) => ({cluster, ...field('upgrade_configs', upgrade_configs)}))

const match = fc.constantFrom<Message>({connect_matcher: {}}, {prefix: '/a'}, {prefix: '/'}, {path: '/a'})

const routes = fc
  .array(fc.tuple(match, action), {minLength: 1, maxLength: 4})
  .map((list) => list.map(([matched, route], index) => ({name: `r${index}`, match: matched, route})))

const upgrade = fc
  .tuple(
    fc.constantFrom('websocket', 'WebSocket', 'other', 'h2c', 'unknown'),
    fc.constantFrom('upgrade', 'Upgrade', 'keep-alive, Upgrade', 'keep-alive', undefined),
    fc.constantFrom('/', '/a', '/b'),
  )
  .map(([name, connection, path]): Sent => {
    const named = connection === undefined ? [] : [['connection', connection] as const]
    return {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a.test', path, headers: [...named, ['upgrade', name]]}}
  })

const connect = fc
  .constantFrom('h1' as const, 'h2' as const)
  .map((version): Sent => ({kind: 'http', version, request: {method: 'CONNECT', authority: 'a.test:443', headers: []}}))

const plain = fc
  .tuple(fc.constantFrom('GET', 'POST'), fc.constantFrom('/', '/a'))
  .map(([method, path]): Sent => ({kind: 'http', version: 'h1', request: {method, authority: 'a.test', path, headers: []}}))

const sent = fc.oneof({weight: 4, arbitrary: upgrade}, {weight: 3, arbitrary: connect}, {weight: 1, arbitrary: plain})

/** Upgrades and CONNECTs that manager and route allow, forbid, or say nothing of. */
const upgrades: fc.Arbitrary<Scenario> = fc
  .record({allowed: configs(3), list: routes, probes: fc.array(sent, {minLength: 1, maxLength: 8, size: 'max'})})
  .map(({allowed, list, probes}) => {
    const table = {name: 'table', validate_clusters: false, virtual_hosts: [{name: 'v', domains: ['*'], routes: list}]}
    const filter = manager({route_config: table, upgrade_configs: allowed})
    return {
      listener: {filter_chains: [{name: 'http', filters: [filter]}]},
      clusters: [],
      behind: [],
      probes: probes.map((sends): Probe => ({from: '127.0.0.1', sends, repeat: 1})),
    }
  })

export const UPGRADES: readonly Family[] = [{name: 'upgrades', scenarios: upgrades, portion: 0.5}]
