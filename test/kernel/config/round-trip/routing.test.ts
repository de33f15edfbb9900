import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {readIpRoutes} from '../../../../src/kernel/config/ip-route.js'
import {readIpRules} from '../../../../src/kernel/config/ip-rule.js'
import {recordedNamespaces} from '../../capture-states.js'
import {routeJson, routeText, ruleJson, ruleText} from './print-routing.js'
import {route, routingRule} from './routing-models.js'

describe.each([4, 6] as const)('IPv%i', (family) => {
  const rulesIn = (text: string): unknown => readIpRules({file: 'f', text}, family).map(withoutPlace)
  const routesIn = (text: string): unknown =>
    readIpRoutes({file: 'f', text}, {family}).map(({order, ...rest}) => [order, withoutPlace(rest)])

  test('ip rules printed as text and as JSON are read as they were', () => {
    fc.assert(
      fc.property(fc.array(routingRule(family), {minLength: 1, maxLength: 6}), (rules) => {
        expect(rulesIn(rules.map(ruleText).join('\n'))).toEqual(rules)
        expect(rulesIn(JSON.stringify(rules.map(ruleJson)))).toEqual(rules)
      }),
    )
  })

  test('routes printed as text and as JSON are read as they were', () => {
    fc.assert(
      fc.property(fc.array(route(family), {minLength: 1, maxLength: 6}), (routes) => {
        const wanted = routes.map((one, order) => [order, one])
        expect(routesIn(routes.map(routeText).join('\n'))).toEqual(wanted)
        expect(routesIn(JSON.stringify(routes.map(routeJson)))).toEqual(wanted)
      }),
    )
  })

  test.each(['node-2022', 'in-pod', 'in-pod-bypass'])('what a real kernel printed is the same after it was printed again: %s', (state) => {
    for (const {routing} of recordedNamespaces(state)) {
      const {rules, routes} = routing[family]
      const wanted = {rules: rules.map(withoutPlace), routes: routes.map(({order, ...rest}) => [order, withoutPlace(rest)])}
      expect({rules: rulesIn(rules.map(ruleText).join('\n')), routes: routesIn(routes.map(routeText).join('\n'))}).toEqual(wanted)
      expect(rulesIn(JSON.stringify(rules.map(ruleJson)))).toEqual(wanted.rules)
      expect(routesIn(JSON.stringify(routes.map(routeJson)))).toEqual(wanted.routes)
    }
  })
})

function withoutPlace<Model extends {readonly place?: unknown}>({place, ...rest}: Model): Omit<Model, 'place'> {
  expect(place === undefined || typeof place === 'object').toBe(true)
  return rest
}
