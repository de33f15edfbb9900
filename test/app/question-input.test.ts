import {describe, expect, test} from 'vitest'
import {questionFrom} from '../../src/app/question-input.js'
import {UsageError} from '../../src/flow/errors.js'

describe('a question from a command line', () => {
  test.each([
    {destination: 'productpage:9080'},
    {destination: 'default/productpage:http'},
    {destination: 'pod/web-0:8080'},
    {destination: '10.8.4.226:9080'},
    {destination: '[fd00::1]:80'},
    {destination: 'productpage.default.svc.cluster.local'},
  ])('$destination is taken as it is', ({destination}) => {
    expect(questionFrom({source: 'sleep', destination, path: undefined})).toEqual({source: 'sleep', destination})
  })

  test.each([
    {url: 'http://productpage:9080/api?x=1', ask: "Ask for productpage:9080 --path '/api?x=1'."},
    {url: 'http://productpage/', ask: 'Ask for productpage:80.'},
    {url: 'https://example.com', ask: 'Ask for example.com:443 --protocol tls.'},
    {url: 'productpage:9080/api', ask: "Ask for productpage:9080 --path '/api'."},
  ])('$url is a URL: its parts have flags of their own', ({url, ask}) => {
    expect(problemOf({source: 'sleep', destination: url})).toMatchObject({message: 'DST is a URL.', help: ask, exitCode: 64})
  })

  test.each([
    {given: {source: 'sleep'}, what: 'DST is missing.'},
    {given: {}, what: 'SRC and DST are missing.'},
  ])('$what', ({given, what}) => {
    expect(problemOf(given)).toMatchObject({message: what, exitCode: 64})
  })
})

function problemOf(members: Readonly<Record<string, unknown>>): UsageError {
  try {
    questionFrom(members)
  } catch (error) {
    if (error instanceof UsageError) return error
  }
  throw new Error('no usage error')
}
