import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {z} from 'zod'
import {oracleRoot} from './oracle-path.js'

const caseFile = z.looseObject({cases: z.array(z.looseObject({id: z.string(), observed: z.unknown()}))})
type CaseFile = z.infer<typeof caseFile>

/** The recorded scenarios of a layer, and the same as a blind tree has them: cases without `observed`. */
export class BlindTree {
  readonly #root: string
  readonly #scratch: string

  constructor(layer: string) {
    this.#root = join(oracleRoot(), layer)
    this.#scratch = mkdtempSync(join(tmpdir(), `${layer}-`))
  }

  scenarios(): readonly string[] {
    return existsSync(this.#root) ? readdirSync(this.#root).filter((name) => existsSync(join(this.#root, name, 'cases.json'))) : []
  }

  recorded(scenario: string): CaseFile {
    return caseFile.parse(JSON.parse(readFileSync(join(this.#root, scenario, 'cases.json'), 'utf8')))
  }

  /** Its directory. */
  blind(scenario: string): string {
    const dir = mkdtempSync(join(this.#scratch, `${scenario}-`))
    const from = join(this.#root, scenario)
    for (const file of readdirSync(from)) if (file !== 'cases.json') symlinkSync(join(from, file), join(dir, file))
    const {cases, ...rest} = this.recorded(scenario)
    writeFileSync(join(dir, 'cases.json'), JSON.stringify({...rest, cases: cases.map((one) => ({...one, observed: undefined}))}))
    return dir
  }

  remove(): void {
    rmSync(this.#scratch, {recursive: true})
  }
}
