import {describe, expect, it} from 'vitest'
import {declaredProtocol} from '../../src/mesh/protocol.js'

describe('declaredProtocol', () => {
  it.each([
    {port: {name: 'http'}, protocol: 'http', version: 'h1'},
    {port: {name: 'http-web'}, protocol: 'http', version: 'h1'},
    {port: {name: 'HTTP2-x'}, protocol: 'http', version: 'h2'},
    {port: {name: 'grpc'}, protocol: 'http', version: 'h2'},
    {port: {name: 'grpc-web'}, protocol: 'http', version: 'h1'},
    {port: {name: 'grpc-web-x'}, protocol: 'http', version: 'h1'},
    {port: {name: 'https'}, protocol: 'tls', version: undefined},
    {port: {name: 'tcp-pg'}, protocol: 'tcp', version: undefined},
    {port: {name: 'whatever', appProtocol: 'kubernetes.io/h2c'}, protocol: 'http', version: 'h2'},
    {port: {name: 'http', appProtocol: 'tcp'}, protocol: 'tcp', version: undefined},
    {port: {name: 'http', appProtocol: 'example.com/own'}, protocol: 'http', version: 'h1'},
  ])('reads $port as $protocol', ({port, protocol, version}) => {
    expect(declaredProtocol({port: 1, ...port})).toMatchObject({protocol, ...(version === undefined ? {} : {version})})
  })

  it.each([{}, {name: 'metrics'}, {name: 'httpx'}, {name: ''}, {name: 'constructor'}])('does not know what %o speaks', (port) => {
    expect(declaredProtocol({port: 1, ...port})).toBeUndefined()
  })
})
