import {expect, test} from 'vitest'
import {assumedMethod} from '../../src/flow/assumed-method.js'

test.each([
  {headers: [], method: 'GET'},
  {headers: [['content-type', 'application/json']], method: 'GET'},
  {headers: [['x-content-type', 'application/grpc']], method: 'GET'},
  {headers: [['content-type', 'application/grpc']], method: 'POST'},
  {headers: [['Content-Type', 'application/grpc+proto']], method: 'POST'},
  {headers: [['content-type', 'application/grpc-web']], method: 'POST'},
] as const)('a request with headers $headers is taken for $method', ({headers, method}) => {
  expect(assumedMethod(headers)).toBe(method)
})
