import {expect, test} from 'vitest'
import {networkWithOutside} from '../../../src/kernel/config/outside.js'
import {endOf} from '../../../src/kernel/end.js'
import {walkAttempt} from '../../../src/kernel/walk/connect.js'
import {edited, POD} from './states.js'

test('a socket that the kernel lets send nothing is told so (ambient-ga H.5)', () => {
  const network = networkWithOutside(edited({}))
  const destination = {ip: '203.0.113.50', port: 443}
  const attempt = {namespace: POD, protocol: 'tcp', sourcePort: 40_000, destination, mark: 0x111, transparent: false} as const
  const ends = (walkAttempt(network, attempt) ?? []).map(({outcome}) => [outcome.result, endOf(outcome, {network, attempt}).reason])
  expect(ends).toEqual([['ENETUNREACH', 'it is not sent: the routes give no way there, or no address to send from']])
})
