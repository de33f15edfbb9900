import {readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {renderCommandDocs} from '../tools/command-docs.js'

test('docs/commands.md says what the commands say; test/tools/command-docs-write.ts renews it', () => {
  expect(readFileSync('docs/commands.md', 'utf8')).toBe(renderCommandDocs(JSON.parse(readFileSync('oclif.manifest.json', 'utf8'))))
})

test('the reference holds every command, its flags and the exit codes', () => {
  const flags = {verbose: {name: 'verbose', type: 'boolean', char: 'v', description: 'Say a | more.'}}
  const docs = renderCommandDocs({
    commands: {
      'a:b': {
        id: 'a:b',
        summary: 'Do it.',
        args: {pod: {name: 'pod', required: true}},
        flags,
        examples: ['<%= config.bin %> <%= command.id %> x'],
      },
    },
  })
  expect(docs).toContain('## a b\n\nDo it.\n\n```\nambientctl a b POD [flags]\n```')
  expect(docs).toContain('| `-v` `--verbose` | Say a \\| more. |')
  expect(docs).toContain('```\nambientctl a b x\n```')
  expect(docs).toContain('| 65 | bad input data')
})
