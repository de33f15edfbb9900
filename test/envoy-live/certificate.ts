import {execFile} from 'node:child_process'
import {mkdtemp, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {promisify} from 'node:util'

const run = promisify(execFile)

/** A server certificate and its key, as PEM. */
export interface Certificate {
  readonly chain: string
  readonly key: string
}

/** Made for one run, and known to nobody; undefined where there is no openssl to make it. */
export async function makeCertificate(): Promise<Certificate | undefined> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ambientctl-certificate-'))
  const [chain, key] = [path.join(directory, 'chain.pem'), path.join(directory, 'key.pem')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  try {
    await run('openssl', ['req', '-x509', ...kind, '-days', '2', '-subj', '/CN=differential', '-keyout', key, '-out', chain])
    return {chain: await readFile(chain, 'utf8'), key: await readFile(key, 'utf8')}
  } catch {
    return undefined
  } finally {
    await rm(directory, {recursive: true, force: true})
  }
}
