import {expect, test} from 'vitest'
import {policyName} from '../../src/flow/policy-name.js'

test.each([
  {policy: 'ns[default]-policy[productpage-viewer]-rule[0]', name: 'default/productpage-viewer'},
  {policy: 'default/productpage-viewer', name: 'default/productpage-viewer'},
  {policy: 'istio-ext-authz-ns[a]-policy[b]', name: 'istio-ext-authz-ns[a]-policy[b]'},
])('$policy', ({policy, name}) => {
  expect(policyName(policy)).toBe(name)
})
