import {z} from 'zod'

/** `input` of `cases-ztunnel.json`. */
export const istiodInput = z.looseObject({
  ztunnel: z.string(),
  sourcePod: z.string(),
  dst: z.looseObject({ip: z.string(), port: z.number()}),
})

/** One outbound line of ztunnel's access log. */
const accessLine = z.looseObject({
  'dst.addr': z.string(),
  'dst.hbone_addr': z.string().optional(),
  'dst.service': z.string().optional(),
  'dst.workload': z.string().optional(),
  error: z.string().optional(),
})

export const istiodObserved = z.object({access: z.array(accessLine)})

export const istiodPredicted = z.union([
  z.object({
    outcomes: z.array(
      z.looseObject({
        actualDestination: z.string(),
        hboneTargetDestination: z.string().nullable(),
        workloadName: z.string().nullable(),
        intendedDestinationService: z.string().nullable(),
        upstreamSans: z.array(z.string()),
      }),
    ),
    errors: z.array(z.looseObject({error: z.string()})),
  }),
  z.object({undetermined: z.string()}),
])

export type IstiodInput = z.infer<typeof istiodInput>
export type AccessLine = z.infer<typeof accessLine>
export type IstiodOutcome = Extract<z.infer<typeof istiodPredicted>, {outcomes: unknown}>['outcomes'][number]
