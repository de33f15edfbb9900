import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {readCapture} from '../../src/kernel/config/capture-files.js'
import type {NetworkNamespace} from '../../src/kernel/config/namespace.js'

const STATES = fileURLToPath(new URL('../../fixtures/capture-states/', import.meta.url))

/** A change to the text of a file; the second backend of a node is empty unless a change fills it. */
type Edit = (path: string, text: string) => string

/** The shipped capture state of a node and its pods: one namespace per folder, named as the program names it. */
export function recordedNamespaces(state: string, edit: Edit = (_, text) => text): readonly NetworkNamespace[] {
  const root = join(STATES, state, 'capture')
  return readdirSync(root).flatMap((owner) =>
    readdirSync(join(root, owner)).map((name) => {
      const folder = `${owner}/${name}`
      const recorded = readdirSync(join(root, folder)).map((file) =>
        textOf(`${folder}/${file}`, readFileSync(join(root, folder, file), 'utf8')),
      )
      return readCapture({name: owner === 'node' ? name : folder, files: [...recorded, ...secondBackend(folder)]})
    }),
  )

  function textOf(file: string, text: string): {readonly file: string; readonly text: string} {
    return {file, text: edit(file, text)}
  }

  /** With a second backend, `iptables-save` is that of the first. */
  function secondBackend(folder: string): readonly {readonly file: string; readonly text: string}[] {
    const legacy = edit(`${folder}/iptables-legacy-save`, '')
    if (legacy === '') return []
    const nft = readFileSync(join(root, folder, 'iptables-save'), 'utf8')
    return [
      {file: `${folder}/iptables-legacy-save`, text: legacy},
      {file: `${folder}/iptables-nft-save`, text: nft},
    ]
  }
}
