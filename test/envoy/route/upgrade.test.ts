import {describe, expect, test} from 'vitest'
import {perFilterConfig} from '../../../src/envoy/route/per-filter-config.js'
import {upgradeAllowed, upgradeFilters} from '../../../src/envoy/route/upgrade.js'
import {connectTo, requestOf, streamOf, view} from '../match/samples.js'

const CONNECT = streamOf(connectTo('q.test:1'))
const WEBSOCKET = streamOf(
  requestOf({
    headers: [
      ['connection', 'keep-alive, Upgrade'],
      ['upgrade', 'WebSocket'],
    ],
  }),
)

describe('upgradeAllowed', () => {
  const on = (upgrade_type: string, extra: object = {}): object => ({upgrade_configs: [{upgrade_type, ...extra}]})

  test.each([
    {name: 'no upgrade', stream: streamOf(), manager: {}, action: {}, allowed: true},
    {
      name: 'an Upgrade header alone is no upgrade',
      stream: streamOf(requestOf({headers: [['upgrade', 'websocket']]})),
      manager: {},
      action: {},
      allowed: true,
    },
    {name: 'CONNECT by the manager', stream: CONNECT, manager: on('CONNECT'), action: {}, allowed: true},
    {name: 'CONNECT by the route', stream: CONNECT, manager: {}, action: on('connect'), allowed: true},
    {name: 'CONNECT by nobody', stream: CONNECT, manager: {}, action: {}, allowed: false},
    {name: 'the manager may disable', stream: CONNECT, manager: on('CONNECT', {enabled: false}), action: {}, allowed: false},
    {name: 'the route may disable', stream: CONNECT, manager: on('CONNECT'), action: on('CONNECT', {enabled: false}), allowed: false},
    {
      name: 'the route may enable what the manager disables',
      stream: CONNECT,
      manager: on('CONNECT', {enabled: false}),
      action: on('CONNECT'),
      allowed: true,
    },
    {name: 'websocket', stream: WEBSOCKET, manager: on('websocket'), action: {}, allowed: true},
    {name: 'websocket where only CONNECT is allowed', stream: WEBSOCKET, manager: on('CONNECT'), action: {}, allowed: false},
  ])('$name', ({stream, manager, action, allowed}) => {
    expect(upgradeAllowed({manager: view(manager), route: view({route: action}), stream})).toBe(allowed)
  })

  test('without a route the manager alone decides', () => {
    expect(upgradeAllowed({manager: view(on('CONNECT')), stream: CONNECT})).toBe(true)
    expect(upgradeAllowed({manager: view({}), stream: CONNECT})).toBe(false)
  })
})

describe('upgradeFilters', () => {
  const manager = view({upgrade_configs: [{upgrade_type: 'websocket', filters: [{name: 'own'}]}, {upgrade_type: 'CONNECT'}]})

  test('an upgrade with filters of its own runs those', () => {
    expect(upgradeFilters({manager, stream: WEBSOCKET})?.map((filter) => filter.str('name'))).toEqual(['own'])
    expect(upgradeFilters({manager, stream: CONNECT})).toBeUndefined()
    expect(upgradeFilters({manager, stream: streamOf()})).toBeUndefined()
  })
})

describe('perFilterConfig', () => {
  const level = (config: object): object => ({typed_per_filter_config: {f: config}})
  const own = (name: string): object => ({'@type': 'x/own.Config', name})
  const generic = (fields: object): object => ({'@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', ...fields})

  function find(levels: {entry?: object; route?: object; virtualHost?: object; table?: object}): {
    config: string | undefined
    disabled: boolean | undefined
  } {
    const choice = {route: view(levels.route ?? {}), virtualHost: view(levels.virtualHost ?? {}), table: view(levels.table ?? {})}
    const found = perFilterConfig({choice, filterName: 'f', weightedEntry: levels.entry === undefined ? undefined : view(levels.entry)})
    return {config: found.config?.str('name'), disabled: found.disabled}
  }

  test.each([
    {name: 'nowhere', levels: {}, config: undefined, disabled: undefined},
    {name: 'table', levels: {table: level(own('t'))}, config: 't', disabled: false},
    {name: 'virtual host over table', levels: {table: level(own('t')), virtualHost: level(own('v'))}, config: 'v', disabled: false},
    {name: 'route over virtual host', levels: {virtualHost: level(own('v')), route: level(own('r'))}, config: 'r', disabled: false},
    {name: 'weighted entry over route', levels: {route: level(own('r')), entry: level(own('e'))}, config: 'e', disabled: false},
    {name: 'FilterConfig is unwrapped', levels: {route: level(generic({config: own('in')}))}, config: 'in', disabled: false},
    {
      name: 'disabled on the route',
      levels: {virtualHost: level(own('v')), route: level(generic({disabled: true}))},
      config: 'v',
      disabled: true,
    },
    {
      name: 'disabled above, configured below',
      levels: {virtualHost: level(generic({disabled: true})), route: level(own('r'))},
      config: 'r',
      disabled: false,
    },
    {name: 'another filter', levels: {route: {typed_per_filter_config: {g: own('r')}}}, config: undefined, disabled: undefined},
  ])('$name', ({levels, config, disabled}) => {
    expect(find(levels)).toEqual({config, disabled})
  })

  test('no level counts without a route', () => {
    const choice = {virtualHost: view(level(own('v'))), table: view(level(own('t')))}
    const {config, disabled} = perFilterConfig({choice, filterName: 'f'})
    expect([config, disabled]).toEqual([undefined, undefined])
  })
})
