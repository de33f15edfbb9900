import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {gunzipSync} from 'node:zlib'
import {isList, isRecord} from './json-tree.js'
import {survey, type Ground} from './mutate/ground.js'

const SEEDS = fileURLToPath(new URL('seeds', import.meta.url))

export type Layer = 'envoy' | 'ztunnel' | 'mesh' | 'mesh-ga' | 'kernel'

export interface Seed {
  readonly name: string
  /** Never changed: every case parses its own copy. */
  readonly text: string
}

export function seedsOf(layer: Layer): readonly Seed[] {
  const names = readdirSync(join(SEEDS, layer)).sort()
  return names.map((file) => ({
    name: file.replace('.json.gz', ''),
    text: gunzipSync(readFileSync(join(SEEDS, layer, file))).toString('utf8'),
  }))
}

/** The seeds of a layer, each surveyed when it is first drawn. */
export class Corpus {
  readonly seeds: readonly Seed[]
  readonly #grounds = new Map<string, Ground>()

  constructor(seeds: readonly Seed[]) {
    this.seeds = seeds
  }

  ground(seed: Seed): Ground {
    const known = this.#grounds.get(seed.name)
    if (known !== undefined) return known
    const ground = survey(JSON.parse(seed.text))
    this.#grounds.set(seed.name, ground)
    return ground
  }

  named(name: string): Seed {
    const seed = this.seeds.find((each) => each.name === name)
    if (seed === undefined) throw new Error(`no seed is called ${name}`)
    return seed
  }
}

/** The files that a seed of several files holds: name and text. */
export function filesOf({text}: Seed): readonly Seed[] {
  const bundle: unknown = JSON.parse(text)
  const files = isRecord(bundle) && isList(bundle['files']) ? bundle['files'] : []
  return files.flatMap((file) => (isRecord(file) ? [{name: String(file['file']), text: JSON.stringify(file['document'])}] : []))
}
