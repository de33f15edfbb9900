import {z} from 'zod'
import type {VerdictKind} from '../flow/verdict.js'

const text = z.string()
const texts = z.array(text)

export const missingSchema = z
  .object({
    what: text,
    collect: text.describe('the command that would collect it').optional(),
  })
  .meta({id: 'Missing'})

const reasoned = {reason: text}

const VERDICTS = {
  delivered: {},
  passthrough: {},
  responded: {...reasoned, status: z.int(), location: text.optional()},
  denied: {...reasoned, layer: z.enum(['l4', 'l7']), policy: text.optional()},
  'no-listener': reasoned,
  'no-filter-chain': reasoned,
  'no-route': reasoned,
  'no-healthy-upstream': reasoned,
  'unknown-waypoint': reasoned,
  'unknown-gateway': reasoned,
  'dangling-reference': reasoned,
  'tls-failure': {...reasoned, expected: texts.optional(), presented: texts.optional()},
  'ip-mismatch': {...reasoned, expected: text, presented: text},
  refused: reasoned,
  dropped: reasoned,
  loop: reasoned,
  undetermined: {missing: z.array(missingSchema)},
} as const satisfies Record<VerdictKind, z.core.$ZodLooseShape>

function verdictOf<K extends VerdictKind>(kind: K) {
  return z.object({kind: z.literal(kind), ...VERDICTS[kind]})
}

/** How a path ends; `kind` says which fields it has. */
export const verdictSchema = z
  .discriminatedUnion('kind', [
    verdictOf('delivered'),
    verdictOf('passthrough'),
    verdictOf('responded'),
    verdictOf('denied'),
    verdictOf('no-listener'),
    verdictOf('no-filter-chain'),
    verdictOf('no-route'),
    verdictOf('no-healthy-upstream'),
    verdictOf('unknown-waypoint'),
    verdictOf('unknown-gateway'),
    verdictOf('dangling-reference'),
    verdictOf('tls-failure'),
    verdictOf('ip-mismatch'),
    verdictOf('refused'),
    verdictOf('dropped'),
    verdictOf('loop'),
    verdictOf('undetermined'),
  ])
  .meta({id: 'Verdict'})
