import {describe, expect, it} from 'vitest'
import {View} from '../../src/json/view.js'
import {readAuthorizationPolicy} from '../../src/snapshot/authorization-policy.js'

const recorded = {file: 'inventory/authorizationpolicies.json', pointer: '/items/0'}

function read(spec: object): ReturnType<typeof readAuthorizationPolicy> {
  return readAuthorizationPolicy({object: new View({metadata: {name: 'p', namespace: 'ns'}, spec}, '/items/0'), recorded})
}

describe('an AuthorizationPolicy', () => {
  it('is for the whole namespace and allows, unless it says otherwise', () => {
    expect(read({})).toEqual({
      name: 'p',
      namespace: 'ns',
      labels: new Map(),
      annotations: new Map(),
      recorded,
      action: 'ALLOW',
      targets: [],
      httpFields: [],
    })
  })

  it.each([
    {name: 'a selector', spec: {selector: {matchLabels: {app: 'a'}}}, expected: {selector: new Map([['app', 'a']])}},
    {name: 'an action', spec: {action: 'CUSTOM'}, expected: {action: 'CUSTOM'}},
    {name: 'targets', spec: {targetRefs: [{kind: 'Service', name: 's'}]}, expected: {targets: [{kind: 'Service', name: 's'}]}},
    {
      name: 'one target of older versions',
      spec: {targetRef: {kind: 'Gateway', name: 'g'}},
      expected: {targets: [{kind: 'Gateway', name: 'g'}]},
    },
    {
      name: 'fields of HTTP',
      spec: {
        rules: [
          {to: [{operation: {paths: ['/a'], ports: ['80']}}], when: [{key: 'request.headers[x]', values: ['*']}, {key: 'source.ip'}]},
          {from: [{source: {principals: ['*'], requestPrincipals: ['*']}}], to: [{operation: {paths: ['/b'], methods: []}}]},
        ],
      },
      expected: {httpFields: ['paths', 'request.headers[x]', 'requestPrincipals']},
    },
  ])('has $name', ({spec, expected}) => {
    expect(read(spec)).toMatchObject(expected)
  })
})
