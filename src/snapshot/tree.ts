import {readdirSync, realpathSync, statSync} from 'node:fs'
import {isAbsolute, join, relative, sep} from 'node:path'
import {InputError} from '../flow/errors.js'

/** Most files of a directory that is read without a manifest. */
const MAX_FILES = 20_000
/** How deep such a directory may be. */
const MAX_TREE_DEPTH = 12

/** A snapshot directory: finds files in it, and never one outside. */
export interface Tree {
  /** Absolute path without symbolic links. */
  readonly root: string
  /** The directory as the user wrote it, for messages. */
  readonly shown: string
}

export function openTree(path: string): Tree {
  return {root: realpathSync(path), shown: path}
}

/**
 * The absolute path of a file that a manifest names.
 * @throws InputError when the path leaves the directory: absolute, with `..`, or through a symbolic link.
 */
export function locate(tree: Tree, path: string): string | undefined {
  const parts = path.split(/[\\/]/)
  if (isAbsolute(path) || /^[A-Za-z]:/.test(path) || path.includes('\0') || parts.includes('..')) throw escapes(tree, path)
  const target = join(tree.root, ...parts)
  if (statSync(target, {throwIfNoEntry: false}) === undefined) return undefined
  if (!isInside(tree, realpathSync(target))) throw escapes(tree, path)
  return target
}

/** All regular files, as sorted relative paths with `/`. Symbolic links and hidden entries are left out. */
export function listFiles(tree: Tree, maxFiles = MAX_FILES): readonly string[] {
  const files: string[] = []
  const visit = (directory: string, depth: number): void => {
    for (const entry of readdirSync(join(tree.root, directory), {withFileTypes: true})) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory() && depth < MAX_TREE_DEPTH) visit(path, depth + 1)
      if (entry.isFile()) files.push(path)
      if (files.length > maxFiles) throw tooMany(tree, maxFiles)
    }
  }
  visit('', 0)
  return files.sort()
}

export function isDirectory(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false
}

function isInside(tree: Tree, target: string): boolean {
  const path = relative(tree.root, target)
  return path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)
}

function escapes(tree: Tree, path: string): InputError {
  return new InputError({
    what: 'The snapshot manifest names a file outside the snapshot.',
    file: join(tree.shown, 'snapshot.json'),
    expected: 'a path inside the directory',
    got: path,
  })
}

function tooMany(tree: Tree, maxFiles: number): InputError {
  return new InputError({
    what: 'The directory holds too many files.',
    file: tree.shown,
    expected: `at most ${maxFiles} files`,
    help: 'Give the directory of the snapshot itself.',
  })
}
