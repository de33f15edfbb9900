import {readFileSync} from 'node:fs'
import {z} from 'zod'

const FLAG = z.object({
  name: z.string(),
  description: z.string().optional(),
  summary: z.string().optional(),
  hidden: z.boolean().optional(),
})

const COMMAND = z.object({
  id: z.string(),
  description: z.string().optional(),
  summary: z.string().optional(),
  examples: z.array(z.union([z.string(), z.object({command: z.string(), description: z.string()})])).optional(),
  enableJsonFlag: z.boolean(),
  flags: z.record(z.string(), FLAG),
  args: z.record(z.string(), FLAG),
})

export type ManifestCommand = z.infer<typeof COMMAND>

/** The commands of the built program, as users get them. */
export function manifestCommands(): readonly ManifestCommand[] {
  const manifest = z.object({commands: z.record(z.string(), COMMAND)}).parse(JSON.parse(readFileSync('oclif.manifest.json', 'utf8')))
  return Object.values(manifest.commands).toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** `a:b` as typed. */
export function wordsOf(command: ManifestCommand): readonly string[] {
  return command.id.split(':')
}
