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
