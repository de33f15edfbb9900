import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {expect, onTestFinished} from 'vitest'

/** A temporary directory with these files, gone after the test. */
export function workspace(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'ambientctl-test-'))
  onTestFinished(() => {
    rmSync(root, {recursive: true, force: true})
  })
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), {recursive: true})
    writeFileSync(join(root, path), content)
  }
  return root
}

export const ENVOY = JSON.stringify({
  configs: [{'@type': 'type.googleapis.com/envoy.admin.v3.ClustersConfigDump', static_clusters: [{cluster: {name: 'blackhole'}}]}],
})

export const ZTUNNEL = JSON.stringify({workloads: [{name: 'sleep', uid: 'u'}], services: [], policies: []})

export function manifest(files: readonly object[]): string {
  return JSON.stringify({schemaVersion: 'ambientctl.snapshot/1', files})
}

export async function* streamOf(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk))
}

/** `expect.stringContaining`, typed. */
export function containing(text: string): unknown {
  return expect.stringContaining(text)
}

/** Matches a string with this end. */
export function endingIn(text: string): unknown {
  return {asymmetricMatch: (value: unknown) => typeof value === 'string' && value.endsWith(text)}
}
