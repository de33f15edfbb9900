import {fileURLToPath} from 'node:url'
import {z} from 'zod'
import {run} from './commands.js'
import {rulesCommands, type Lab} from './lab.js'
import type {LabScenario} from './lab-scenario.js'
import {neighboursOf, type Neighbour} from './layouts.js'
import {ROLES, type Role} from './topology.js'

const AGENT = fileURLToPath(new URL('agent.py', import.meta.url))

const socket = z.tuple([z.string(), z.number()])
const accepted = z.object({namespace: z.string(), port: z.number(), local: socket, peer: socket, original: socket.nullable()})
/** The text of each ruleset with counters. */
const counters = z.record(z.string(), z.string())
const observed = z.object({
  result: z.string(),
  /** The error that the next SYN would end with, where the first one ran out of time. */
  pending: z.string().optional(),
  accepted: z.array(accepted),
  answered: z.boolean(),
  counters,
})
const report = z.object({sockets: z.record(z.string(), z.string()), baseline: counters, observed: z.array(observed)})
const burstReport = z.object({heard: z.array(z.string())})

export type Counters = z.infer<typeof counters>
export type Observed = z.infer<typeof observed>
export type Report = z.infer<typeof report>

/** Seconds: for an answer to a SYN, for an answer to a datagram, and for what follows a success. */
export interface Pace {
  readonly patience: number
  readonly quiet: number
  readonly settle: number
}

export const BRISK: Pace = {patience: 0.2, quiet: 0.06, settle: 0.04}
/** For the second look at a disagreement: a slow machine must not look like a wrong prediction. */
export const PATIENT: Pace = {patience: 0.8, quiet: 0.5, settle: 0.3}

/** Source ports tell the attempts of a scenario apart. */
export const FIRST_PORT = 20_000

interface Order {
  readonly scenario: LabScenario
  readonly pace: Pace
}

/** Makes the attempts one after the other; rule counters are read after each. */
export function observe({names}: Lab, {scenario, pace}: Order): Report {
  const plan = {...planOf({names}, {scenario, pace}), burst: false, counters: ROLES.flatMap((role) => countersOf(role, {names, scenario}))}
  return report.parse(askAgent(plan))
}

/** Where the rules of a namespace are counted: `<namespace> <ruleset>`. */
function countersOf(role: Role, {names, scenario}: {readonly names: Lab['names']; readonly scenario: LabScenario}): readonly object[] {
  const commands = rulesCommands(scenario.namespaces[role], {family: scenario.family, counted: true})
  return commands.map((command, index) => ({key: `${names[role]} rules${index}`, namespace: names[role], command}))
}

/** Sends all datagrams of a scenario at once, and tells who heard each: `namespace:port`, `ok` for nobody, or an errno. */
export function observeBurst({names}: Pick<Lab, 'names'>, {scenario, pace}: Order): readonly string[] {
  const plan = {...planOf({names}, {scenario, pace}), burst: true, counters: []}
  return burstReport.parse(askAgent(plan)).heard
}

function askAgent(plan: object): unknown {
  return JSON.parse(run('python3', [AGENT], JSON.stringify(plan)))
}

function planOf({names}: Pick<Lab, 'names'>, {scenario, pace}: Order): object {
  const at = <Part extends {readonly role: Role}>({role, ...rest}: Part): Omit<Part, 'role'> & {namespace: string} => ({
    ...rest,
    namespace: names[role],
  })
  return {
    pace,
    neighbours: forgotten(scenario).map(({role, device, ip}) => ({namespace: names[role], device, ip})),
    namespaces: ROLES.map((role) => names[role]),
    listeners: scenario.listeners.map(at),
    attempts: scenario.attempts.map((attempt, index) => ({...at(attempt), sourcePort: FIRST_PORT + index})),
  }
}

/** IPv6 neighbours are set for good; those of IPv4 are forgotten before each attempt. */
function forgotten(scenario: LabScenario): readonly Neighbour[] {
  return scenario.family === 4 ? neighboursOf(scenario).filter(({permanent}) => !permanent) : []
}
