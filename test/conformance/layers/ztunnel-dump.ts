import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {memoryStore} from '../../../src/json/memory-store.js'
import {readZtunnelConfig} from '../../../src/ztunnel/config/read-ztunnel-config.js'
import {createState, type ZtunnelState} from '../../../src/ztunnel/state/state.js'
import type {Resolver} from '../../../src/ztunnel/outbound/question.js'
import {inventory} from './ztunnel-case.js'

/** Opens each dump of a scenario once. */
export function dumpShelf(scenarioDir: string): (file: string) => ZtunnelState {
  const open = new Map<string, ZtunnelState>()
  return (file) => {
    const state = open.get(file) ?? openState(scenarioDir, file)
    open.set(file, state)
    return state
  }
}

function openState(scenarioDir: string, file: string): ZtunnelState {
  const document: unknown = JSON.parse(readFileSync(join(scenarioDir, file), 'utf8'))
  return createState(readZtunnelConfig(memoryStore({name: file, document})))
}

/** The resolver of a recording: names it answered are in the inventory, the others were not asked. */
export function recordedResolver(scenarioDir: string): Resolver {
  const file = join(scenarioDir, 'inventory.json')
  const answers = existsSync(file) ? inventory.parse(JSON.parse(readFileSync(file, 'utf8'))).dnsAnswers : undefined
  return (hostname) => answers?.[`${hostname}.`] ?? answers?.[hostname]
}
