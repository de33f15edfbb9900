import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {z} from 'zod'
import {EXIT_CODES} from '../../src/flow/exit-code.js'
import {runInside} from './run-inside.js'

const {demos} = z
  .strictObject({
    demos: z.array(
      z.strictObject({
        name: z.string(),
        path: z.string().optional(),
        clusters: z.array(z.strictObject({name: z.string(), path: z.string()})).optional(),
        about: z.string(),
        first: z.string(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync('fixtures/demos.json', 'utf8')))

describe.each(demos)('demo $name', ({name, about, first}) => {
  test('answers its first question', async () => {
    const [program, ...args] = first.split(' ')
    expect(program).toBe('ambientctl')
    expect(args.slice(-2)).toEqual(['--demo', name])
    const {code, stdout} = await runInside(args)
    expect([EXIT_CODES.ok, EXIT_CODES.negative]).toContain(code)
    expect(stdout).toMatch(args[0] === 'capture' ? /^CAPTURED: /m : /^1 +(app|outside) /m)
  })

  test('is in the README', () => {
    expect(readFileSync('README.md', 'utf8')).toContain(`| \`${name}\` | ${about} | \`${first}\` |\n`)
  })
})
