import type {Place, Sysctls} from './model.js'
import {linesOf, type SourceText} from './source-text.js'

/** Reads `sysctl -a` (`key = value`); other lines are remarks of the command. */
export function readSysctls(source: SourceText): Sysctls {
  return new Map(settingsOf(source).map(({key, value}) => [key, value]))
}

/** Where each setting stands. */
export function sysctlPlaces(source: SourceText): ReadonlyMap<string, Place> {
  return new Map(settingsOf(source).map(({key, place}) => [key, place]))
}

interface Setting {
  readonly key: string
  readonly value: string
  readonly place: Place
}

function settingsOf(source: SourceText): readonly Setting[] {
  return linesOf(source).flatMap(({text, file, line}) => {
    const match = /^(\S+)\s*=\s*(.*)$/.exec(text.trim())
    return match === null ? [] : [{key: match[1] ?? '', value: match[2] ?? '', place: {file, line}}]
  })
}

/** A number; undefined when it was not recorded. The dots of a device's name are printed as slashes: `net.ipv4.conf.eth0/100.rp_filter`. */
export function sysctl(sysctls: Sysctls, key: string): number | undefined {
  const value = sysctls.get(key) ?? sysctls.get(key.replace(OF_DEVICE, withSlashes))
  return value !== undefined && /^-?\d+$/.test(value) ? Number(value) : undefined
}

const OF_DEVICE = /(?<=^net\.ipv[46]\.conf\.).*(?=\.\w+$)/

function withSlashes(device: string): string {
  return device.replaceAll('.', '/')
}
