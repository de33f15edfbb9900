import {existsSync} from 'node:fs'
import {mkdir, mkdtemp, rename, rm, rmdir} from 'node:fs/promises'
import {basename, dirname, join, resolve} from 'node:path'
import {UsageError} from '../flow/errors.js'
import {guarded, requireEmpty} from './snapshot-writer.js'
import {packDirectory} from './tar-writer.js'

/** Where a snapshot is to stand when it is finished. */
export type Destination = {readonly directory: string} | {readonly archive: string}

/** A directory beside its destination, until what is in it was checked: the destination has all or nothing. */
export class Staging {
  #attempts = 0

  private constructor(
    private readonly destination: Destination,
    private readonly root: string,
  ) {}

  /** @throws UsageError for a destination that holds something. @throws ExternalError when nothing can be written beside it. */
  static async open(destination: Destination): Promise<Staging> {
    const target = pathOf(destination)
    const parent = dirname(resolve(target))
    await guarded(parent, () => mkdir(parent, {recursive: true}))
    await requireFree(destination)
    return new Staging(destination, await guarded(target, () => mkdtemp(join(parent, `.${basename(target)}.partial-`))))
  }

  /** A new empty directory for another attempt. */
  nextDirectory(): string {
    return join(this.root, String(++this.#attempts))
  }

  /** Puts the last attempt in its place. */
  async keep(): Promise<void> {
    const {destination} = this
    const last = join(this.root, String(this.#attempts))
    await guarded(pathOf(destination), async () => {
      await requireFree(destination)
      if ('archive' in destination) await packDirectory(last, destination.archive)
      else await moveDirectory(last, destination.directory)
    })
  }

  async discard(): Promise<void> {
    await rm(this.root, {recursive: true, force: true})
  }
}

function pathOf(destination: Destination): string {
  return 'archive' in destination ? destination.archive : destination.directory
}

async function requireFree(destination: Destination): Promise<void> {
  const path = pathOf(destination)
  if (!existsSync(path)) return
  if ('directory' in destination) return requireEmpty(path)
  throw new UsageError({what: 'There is such a file already.', where: '--output', got: path})
}

/** In the place of an empty one, which some systems refuse to replace. */
async function moveDirectory(from: string, to: string): Promise<void> {
  if (existsSync(to)) await rmdir(to)
  await rename(from, to)
}
