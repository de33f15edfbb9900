import type {PlacedScenario} from './bootstrap.js'
import type {Certificate} from './certificate.js'
import {CERTIFICATE, CERTIFICATE_KEY, UPSTREAM_PORT, type Scenario} from './scenario.js'

/** Scenarios on their ports, with the port of the upstreams where they name it. */
export function placeScenarios(scenarios: readonly Scenario[], at: Places & {readonly ports: readonly number[]}): PlacedScenario[] {
  return scenarios.map((scenario, index) => ({
    name: `l${index}`,
    port: at.ports[index] ?? 0,
    scenario: withPlaces(scenario, at),
  }))
}

/** `$BASE64(text)`, and `$COOKIE(text)` for the message of a session cookie whose address is the text. */
function encoded(value: string): string {
  return value.replaceAll(/\$(BASE64|COOKIE)\(([^)]*)\)/g, (_, form: string, text: string) => {
    const bytes = Buffer.from(text)
    return (form === 'COOKIE' ? Buffer.concat([Buffer.from([10, bytes.length]), bytes]) : bytes).toString('base64')
  })
}

/** What is known only when the run has begun. */
interface Places {
  readonly upstreamPort: number
  readonly certificate?: Certificate | undefined
}

/** A copy of plain data; the text of the port alone becomes a number, inside other text it becomes its digits. */
function withPlaces<T>(value: T, places: Places): T
function withPlaces(value: unknown, places: Places): unknown {
  if (typeof value === 'string') return textAt(value, places)
  if (Array.isArray(value)) return value.map((item: unknown) => withPlaces(item, places))
  if (typeof value !== 'object' || value === null) return value
  // A claimed address of port 0 is one of the upstreams.
  if ('ip' in value && 'port' in value && value.port === 0) return {...value, port: places.upstreamPort}
  return Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, withPlaces(item, places)]))
}

function textAt(text: string, {upstreamPort, certificate}: Places): string | number {
  if (text === CERTIFICATE) return certificate?.chain ?? ''
  if (text === CERTIFICATE_KEY) return certificate?.key ?? ''
  return text === UPSTREAM_PORT ? upstreamPort : encoded(text.replaceAll(UPSTREAM_PORT, String(upstreamPort)))
}
