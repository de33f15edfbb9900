import {randomBytes} from 'node:crypto'
import type {Outlook} from '../flow/verdict.js'
import {anonymizeSnapshot, type Anonymized} from '../snapshot/anonymize/anonymize.js'

export interface AnonymizeQuestion {
  readonly snapshot: string
  readonly directory: string
  /** Beside the directory unless told. */
  readonly map?: string | undefined
  /** Random unless told. */
  readonly seed?: string | undefined
  readonly version: string
}

/** What `anonymize` prints as JSON. */
export interface AnonymizeResult extends Anonymized {
  readonly schemaVersion: 'ambientctl.anonymize/1'
  readonly directory: string
  readonly map: string
  readonly outlook: Outlook
}

const SEED_BYTES = 32

/** Writes a snapshot anew without names, addresses and secrets. @throws UsageError @throws InputError @throws ExternalError */
export async function anonymize({seed, map, ...request}: AnonymizeQuestion): Promise<AnonymizeResult> {
  const {directory} = request
  const target = {directory, map: map ?? `${directory.replace(/[\\/]+$/, '')}.map.json`}
  const result = await anonymizeSnapshot({...request, ...target, seed: seed ?? randomBytes(SEED_BYTES).toString('hex')})
  return {schemaVersion: 'ambientctl.anonymize/1', ...target, outlook: 'positive', ...result}
}
