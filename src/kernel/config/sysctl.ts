import type {Sysctls} from './model.js'
import {linesOf, type SourceText} from './source-text.js'

/** Reads `sysctl -a` (`key = value`); other lines are remarks of the command. */
export function readSysctls(source: SourceText): Sysctls {
  return new Map(
    linesOf(source).flatMap(({text}) => {
      const match = /^(\S+)\s*=\s*(.*)$/.exec(text.trim())
      return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const]
    }),
  )
}

/** A number; undefined when it was not recorded. */
export function sysctl(sysctls: Sysctls, key: string): number | undefined {
  const value = sysctls.get(key)
  return value !== undefined && /^-?\d+$/.test(value) ? Number(value) : undefined
}
