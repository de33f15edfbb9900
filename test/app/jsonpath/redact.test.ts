import {describe, expect, it} from 'vitest'
import {redactMatch} from '../../../src/app/jsonpath/redact.js'

const KEY = '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n'
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln'

describe('what a path selects', () => {
  it('shows no private key and no token, and all else', () => {
    const value = {
      name: 'default',
      tls_certificate: {certificate_chain: {inline_string: CERTIFICATE}, private_key: {inline_string: KEY}},
      routes: [{match: {prefix: '/'}, request_headers_to_add: [{header: {key: 'authorization', value: `Bearer ${TOKEN}`}}]}],
      config: {credentials: {token_secret: {name: 'x'}}},
      weight: 3,
      none: null,
    }
    expect(redactMatch({pointer: '/configs/0', value})).toEqual({
      pointer: '/configs/0',
      value: {
        ...value,
        tls_certificate: {certificate_chain: {inline_string: CERTIFICATE}, private_key: '[redacted]'},
        routes: [{match: {prefix: '/'}, request_headers_to_add: [{header: {key: 'authorization', value: '[redacted]'}}]}],
        config: {credentials: {token_secret: '[redacted]'}},
      },
    })
  })

  it.each(['/secret/tls_certificate/private_key', '/secret/tls_certificate/private_key/inline_bytes'])('shows nothing at %s', (pointer) => {
    expect(redactMatch({pointer, value: 'c2VjcmV0'})).toEqual({pointer, value: '[redacted]'})
  })

  it('keeps members with odd names', () => {
    const value: unknown = JSON.parse('{"__proto__": {"a": 1}, "constructor": "b"}')
    expect(JSON.stringify(redactMatch({pointer: '', value}).value)).toBe('{"__proto__":{"a":1},"constructor":"b"}')
  })
})
