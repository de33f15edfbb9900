import {expect, test} from 'vitest'
import {excludeDraining} from '../../../src/envoy/cluster/excluded.js'
import {readHostSets} from '../../../src/envoy/cluster/host.js'
import {View} from '../../../src/json/view.js'
import {assignment, endpoint} from './ask.js'

const GUARD = 'envoy.reloadable_features.exclude_host_in_eds_status_draining'

test.each<{name: string; minor: number | undefined; guard?: boolean; excluded: readonly boolean[]}>([
  {name: 'since 1.29', minor: 29, excluded: [true, false]},
  {name: 'not before', minor: 28, excluded: [false, false]},
  {name: 'unless its guard is off', minor: 32, guard: false, excluded: [false, false]},
  {name: 'which 1.33 has no more', minor: 33, guard: false, excluded: [true, false]},
  {name: 'in a dump that tells no version', minor: undefined, excluded: [true, false]},
])('a DRAINING host is excluded $name', ({minor, guard, excluded}) => {
  const hosts = [endpoint('10.0.0.1:80', {health: 'DRAINING'}), endpoint('10.0.0.2:80', {health: 'UNHEALTHY'})]
  const {sets} = readHostSets(new View(assignment({hosts}), ''), {distinct: true})
  const config = {
    node: {role: 'envoy' as const, ...(minor === undefined ? {} : {version: {major: 1, minor}})},
    runtime: new Map(guard === undefined ? [] : [[GUARD, guard]]),
  }
  expect(excludeDraining(sets, config).flatMap((set) => set.hosts.map((host) => host.excluded))).toEqual(excluded)
})
