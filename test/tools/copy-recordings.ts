import {mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {packOf, RECORDINGS} from '../conformance/oracle-path.js'
import {packFiles} from '../conformance/recording-pack.js'

/** `node --import tsx test/tools/copy-recordings.ts <oracle folder>`: renews test/conformance/recordings with every layer of the folder. */
function main(oracle: string | undefined): void {
  if (oracle === undefined) throw new Error('which folder holds the recordings?')
  rmSync(RECORDINGS, {recursive: true, force: true})
  mkdirSync(RECORDINGS, {recursive: true})
  for (const layer of readdirSync(oracle).sort()) {
    if (statSync(join(oracle, layer)).isDirectory()) copyLayer(layer, join(oracle, layer))
  }
}

/** The descriptions are left out: they tell people what the fields mean, and no test reads them. */
function copyLayer(layer: string, folder: string): void {
  const names = readdirSync(folder, {recursive: true, encoding: 'utf8'}).map((name) => name.replaceAll('\\', '/'))
  const files = names.filter((name) => !name.endsWith('.md') && statSync(join(folder, name)).isFile()).sort()
  const packed = packFiles(files.map((path) => ({path, bytes: readFileSync(join(folder, path))})))
  writeFileSync(packOf(layer), packed)
  process.stdout.write(`${layer}: ${files.length} files in ${packed.length} bytes\n`)
}

main(process.argv[2])
