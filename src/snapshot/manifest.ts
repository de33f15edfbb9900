import {z} from 'zod'
import {InputError} from '../flow/errors.js'

/** Version of the snapshot layout this tool writes and reads. */
const SNAPSHOT_SCHEMA = 'ambientctl.snapshot/1'

/** Unknown fields are kept, so that a newer tool's manifest survives being read and written by an older one. */
const manifestFile = z.looseObject({
  /** Relative to the manifest, with `/`. */
  path: z.string().min(1),
  /** `config-dump`, `inventory`, `capture`; others are left alone. */
  kind: z.string(),
  pod: z.string().optional(),
  namespace: z.string().optional(),
  node: z.string().optional(),
  /** How it was collected: `port-forward`, `exec` … */
  method: z.string().optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  bytes: z.number().int().nonnegative().optional(),
  /** Why it could not be collected; there is no file then. */
  error: z.string().optional(),
})

const manifestSchema = z.looseObject({
  schemaVersion: z.literal(SNAPSHOT_SCHEMA),
  cluster: z.string().optional(),
  /** Where names without a namespace were looked up first: that of the context. */
  namespace: z.string().optional(),
  /** RFC 3339. */
  collectedAt: z.string().optional(),
  tool: z.looseObject({name: z.string(), version: z.string()}).optional(),
  /** The flows whose traces it was reduced to, as `SRC DST`: others may find things missing. */
  minimizedFor: z.array(z.string()).optional(),
  files: z.array(manifestFile),
})

export type Manifest = z.infer<typeof manifestSchema>
export type ManifestFile = z.infer<typeof manifestFile>

/** Reads a `snapshot.json`. @throws InputError that names the field. */
export function readManifest(text: string, file: string): Manifest {
  const result = manifestSchema.safeParse(parse(text, file))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new InputError({
    what: 'The snapshot manifest is not valid.',
    file,
    pointer: issue?.path.map((part) => `/${String(part)}`).join('') ?? '',
    expected: `a manifest of version ${SNAPSHOT_SCHEMA}`,
    got: issue?.message,
    help: 'Record the snapshot again, or remove snapshot.json to have the directory read without it.',
  })
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InputError({what: 'The snapshot manifest is no JSON.', file, got: cause instanceof Error ? cause.message : undefined, cause})
  }
}
