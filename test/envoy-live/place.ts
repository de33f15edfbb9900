import type {PlacedScenario} from './bootstrap.js'
import {UPSTREAM_PORT, type Scenario} from './scenario.js'

/** Scenarios on their ports, with the port of the upstreams where they name it. */
export function placeScenarios(
  scenarios: readonly Scenario[],
  at: {readonly ports: readonly number[]; readonly upstreamPort: number},
): PlacedScenario[] {
  return scenarios.map((scenario, index) => ({
    name: `l${index}`,
    port: at.ports[index] ?? 0,
    scenario: withPort(scenario, at.upstreamPort),
  }))
}

/** `$BASE64(text)`, and `$COOKIE(text)` for the message of a session cookie whose address is the text. */
function encoded(value: string): string {
  return value.replaceAll(/\$(BASE64|COOKIE)\(([^)]*)\)/g, (_, form: string, text: string) => {
    const bytes = Buffer.from(text)
    return (form === 'COOKIE' ? Buffer.concat([Buffer.from([10, bytes.length]), bytes]) : bytes).toString('base64')
  })
}

/** A copy of plain data; the text of the port alone becomes a number, inside other text it becomes its digits. */
function withPort<T>(value: T, port: number): T
function withPort(value: unknown, port: number): unknown {
  if (typeof value === 'string') return value === UPSTREAM_PORT ? port : encoded(value.replaceAll(UPSTREAM_PORT, String(port)))
  if (Array.isArray(value)) return value.map((item: unknown) => withPort(item, port))
  if (typeof value !== 'object' || value === null) return value
  // A claimed address of port 0 is one of the upstreams.
  if ('ip' in value && 'port' in value && value.port === 0) return {...value, port}
  return Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, withPort(item, port)]))
}
