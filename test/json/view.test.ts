import {describe, expect, test} from 'vitest'
import {View} from '../../src/json/view.js'

const NUMBERS = [
  {printed: 8080, port: 8080, uint: 8080},
  {printed: '8080', port: 8080, uint: 8080},
  {printed: 0, port: 0, uint: 0},
  {printed: 65_535, port: 65_535, uint: 65_535},
  {printed: 65_536, port: undefined, uint: 65_536},
  {printed: -1, port: undefined, uint: undefined},
  {printed: 1.5, port: undefined, uint: undefined},
  {printed: 1e21, port: undefined, uint: undefined},
  {printed: '18446744073709551615', port: undefined, uint: undefined},
  {printed: Number.POSITIVE_INFINITY, port: undefined, uint: undefined},
  {printed: 'http', port: undefined, uint: undefined},
  {printed: [80], port: undefined, uint: undefined},
  // proto3 leaves out what is 0; whether a weight was said is up to the reader.
  {printed: undefined, port: 0, uint: undefined},
]

describe('numbers of a dump', () => {
  test.each(NUMBERS)('$printed as a port and as a uint32', ({printed, port, uint}) => {
    const view = new View({field: printed}, '')
    expect({port: view.port('field'), uint: view.uint('field')}).toEqual({port, uint})
  })
})

describe('a field by its proto name', () => {
  test.each([
    {field: 'version_info', printed: 'version_info'},
    {field: 'version_info', printed: 'versionInfo'},
    {field: 'alt_stat_name', printed: 'altStatName'},
    {field: 'ipv4_compat_2', printed: 'ipv4Compat2'},
    {field: '_leading', printed: 'Leading'},
    {field: 'twice__marked', printed: 'twice_Marked'},
    {field: 'trailing_', printed: 'trailing_'},
    {field: 'NODE_NAME', printed: 'NODE_NAME'},
    {field: 'plain', printed: 'plain'},
  ])('$field is found as $printed', ({field, printed}) => {
    const view = new View({[printed]: 1}, '/at')
    expect(view.get(field)).toEqual(new View(1, `/at/${printed}`))
  })

  test.each([
    {field: 'NODE_NAME', printed: 'NODENAME'},
    {field: 'plain', printed: 'Plain'},
    {field: 'versionInfo', printed: 'version_info'},
  ])('$field is not found as $printed', ({field, printed}) => {
    expect(new View({[printed]: 1}, '').get(field)).toBeUndefined()
  })

  test.each([
    {key: 'a/b', token: 'a~1b'},
    {key: 'a~b', token: 'a~0b'},
    {key: '~1/', token: '~01~1'},
  ])('the pointer to $key ends in $token', ({key, token}) => {
    expect(new View({[key]: 1}, '').own(key)?.pointer).toBe(`/${token}`)
  })
})
