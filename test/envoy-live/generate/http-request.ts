import fc from 'fast-check'
import type {Request} from '../probe.js'

export const AUTHORITIES = [
  'a.test',
  'b.test',
  'x.a.test',
  'A.TEST',
  'a.test:8080',
  'x.a.test:80',
  'c.org',
  'a.test.',
  '10.1.1.1:80',
] as const
export const PATHS = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/A/b',
  '/ab',
  '/a/b/c',
  '/a?x=1',
  '/a/b?y=2&x=',
  '/a?x',
  '/api/v1',
  '/api/v1/x?x=12',
  '//a//b',
  '/a/../b',
  '/a/./b/..',
  '/a%2fb',
  '/a%2Fb%5cc',
  '/%61%62',
  '/a;p=1/b',
  '/A%20b',
] as const
export const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'] as const

/** Header lines by name; a request has some of them, the same name even twice. */
export const HEADER_VALUES = {
  'x-t': ['1', '2', 'abc', 'ABC', 'sink-1', 'sink-2', ''],
  'x-n': ['5', '10', '-3', '007', '+5', 'many'],
  'x-forwarded-proto': ['https', 'http'],
  'x-forwarded-for': ['10.1.1.1', '192.168.0.1, 10.2.0.1', '2001:db8::1'],
  'content-type': ['application/grpc', 'application/grpc+proto', 'text/plain'],
  cookie: ['a=1; b=2', 'b=3'],
} as const

const line: fc.Arbitrary<readonly [string, string]> = fc
  .oneof(
    {weight: 5, arbitrary: fc.constantFrom('x-t' as const, 'x-n' as const)},
    {
      weight: 1,
      arbitrary: fc.constantFrom('x-forwarded-proto' as const, 'x-forwarded-for' as const, 'content-type' as const, 'cookie' as const),
    },
  )
  .chain((name) => fc.constantFrom(...HEADER_VALUES[name]).map((value) => [name, value] as const))

/** Names that a client may not send twice over HTTP/2. */
const ONCE: ReadonlySet<string> = new Set(['content-type'])

const lines = fc
  .array(line, {maxLength: 4})
  .map((list) => list.filter(([name], index) => !ONCE.has(name) || list.findIndex(([other]) => other === name) === index))

export const request: fc.Arbitrary<Request> = fc.record({
  method: fc.oneof({weight: 5, arbitrary: fc.constant('GET')}, {weight: 3, arbitrary: fc.constantFrom(...METHODS)}),
  authority: fc.constantFrom(...AUTHORITIES),
  path: fc.constantFrom(...PATHS),
  headers: lines,
})

/** Requests to one host with headers that some filters look for: each of them once, or not at all. */
export function requestWith(values: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<Request> {
  const one = (name: string, list: readonly string[]): fc.Arbitrary<readonly (readonly [string, string])[]> =>
    fc.oneof(
      {weight: 1, arbitrary: fc.constant([])},
      {weight: 1, arbitrary: fc.constantFrom(...list).map((value) => [[name, value] as const])},
    )
  return fc.record({
    method: fc.constantFrom('GET', 'GET', 'POST', 'OPTIONS', 'DELETE'),
    authority: fc.constantFrom('a.test', 'a.test', 'b.test:8080'),
    path: fc.constantFrom('/', '/a', '/a/b', '/b', '/a?x=1'),
    headers: fc.tuple(...Object.entries(values).map(([name, list]) => one(name, list))).map((parts) => parts.flat()),
  })
}
