import {describe, expect, test} from 'vitest'
import {matchUriTemplate, rewriteByUriTemplate} from '../../../src/envoy/match/uri-template.js'

describe('matchUriTemplate', () => {
  test.each([
    {template: '/api/{v}/get', path: '/api/v1/get', outcome: 'yes'},
    {template: '/api/{v}/get', path: '/api/v1/x/get', outcome: 'no'},
    {template: '/api/{v}/get', path: '/api//get', outcome: 'no'},
    {template: '/t/{id}/items/**', path: '/t/7/items/a/b', outcome: 'yes'},
    {template: '/t/{id}/items/**', path: '/t/7/items/', outcome: 'yes'},
    {template: '/t/{id}/items/**', path: '/t/7/8/items/a', outcome: 'no'},
    {template: '/a/*/c', path: '/a/b/c', outcome: 'yes'},
    {template: '/a/*/c', path: '/a/b/b/c', outcome: 'no'},
    {template: '/{x}/b', path: "/a-._~%!$&'()*+,;:@=/b", outcome: 'yes'},
    {template: '/{x}/b', path: '/a|/b', outcome: 'no'},
    {template: '/{rest=**}', path: '/x/y', outcome: 'yes'},
    {template: '/{x=*}/y', path: '/a/y', outcome: 'yes'},
    {template: '/{x=videos/*}/play', path: '/videos/9/play', outcome: 'yes'},
    {template: '/{x=videos/*}/play', path: '/songs/9/play', outcome: 'no'},
    {template: '/files/**.mpd', path: '/files/a/b.mpd', outcome: 'yes'},
    {template: '/a.b', path: '/axb', outcome: 'no'},
    {template: '/a/*', path: '/a/b?c=/d', outcome: 'yes'},
    {template: '/a/{x', path: '/a/b', outcome: 'undetermined'},
    {template: '/a/{1x}', path: '/a/b', outcome: 'undetermined'},
    {template: 'a', path: 'a', outcome: 'undetermined'},
    {template: '/a b', path: '/a b', outcome: 'undetermined'},
  ])('$template on $path: $outcome', ({template, path, outcome}) => {
    expect(matchUriTemplate(template, path)).toBe(outcome)
  })
})

describe('rewriteByUriTemplate', () => {
  test.each([
    {match: '/bar/{country}/{lang}', rewrite: '/{lang}/in/{country}', path: '/bar/de/en?q', result: '/en/in/de'},
    {match: '/videos/{rest=**}', rewrite: '/v/{rest}', path: '/videos/a/b', result: '/v/a/b'},
    {match: '/x/{a}', rewrite: '/y/{b}', path: '/x/1', result: undefined},
    {match: '/x/{a}', rewrite: '/y', path: '/z/1', result: undefined},
  ])('$match to $rewrite', ({match, rewrite, path, result}) => {
    expect(rewriteByUriTemplate(path, {match, rewrite})).toBe(result)
  })
})
