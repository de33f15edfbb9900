import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {NamespaceFiles} from '../../../src/kernel/config/read-namespace.js'
import type {SourceText} from '../../../src/kernel/config/source-text.js'

/** The recorded outputs of a namespace folder (`node`, `ztunnel`, `pod`), as the layer's README names them. */
export function recordedNamespace(dir: string): NamespaceFiles {
  return {
    iptables: texts(dir, ['iptables-legacy-save.txt', 'iptables-nft-save.txt']),
    ip6tables: texts(dir, ['ip6tables-legacy-save.txt', 'ip6tables-nft-save.txt']),
    ipset: read(dir, 'ipset-save.txt'),
    rules: read(dir, 'ip-rule.txt'),
    rules6: read(dir, 'ip6-rule.txt'),
    routes: read(dir, 'ip-route-table-all.txt'),
    routes6: read(dir, 'ip6-route-table-all.txt'),
    devices: texts(dir, ['ip-addr.txt', 'ip-d-link.txt']),
    listeners: read(dir, 'ss-listen.txt'),
    sysctls: read(dir, 'sysctl.txt'),
  }
}

const SECTIONS: readonly (readonly [keyof NamespaceFiles, RegExp])[] = [
  ['rules', /^ip (-4 )?rule/],
  ['rules6', /^ip -6 rule/],
  ['routes', /^ip (-4 )?route/],
  ['routes6', /^ip -6 route/],
  ['listeners', /^ss /],
]

/** `pods/<name>.txt`: several outputs, each under a line `$ <command>`. */
export function recordedPod(file: string): NamespaceFiles {
  const sections = readFileSync(file, 'utf8')
    .split(/^\$ /m)
    .filter((section) => section !== '')
    .map((section) => ({command: section.slice(0, section.indexOf('\n')), text: section.slice(section.indexOf('\n') + 1)}))
  const devices = sections.filter(({command}) => / addr/.test(command)).map(({text}) => ({file, text}))
  const found = SECTIONS.flatMap(([key, pattern]) => {
    const section = sections.find(({command}) => pattern.test(command))
    return section === undefined ? [] : [[key, {file, text: section.text}] as const]
  })
  return {devices, ...Object.fromEntries(found)}
}

function texts(dir: string, names: readonly string[]): readonly SourceText[] {
  return names.flatMap((name) => read(dir, name) ?? [])
}

function read(dir: string, name: string): SourceText | undefined {
  const path = join(dir, name)
  return existsSync(path) ? {file: name, text: readFileSync(path, 'utf8')} : undefined
}
