import {readNamespace, type NamespaceFiles} from '../../src/kernel/config/read-namespace.js'
import type {NetworkNamespace} from '../../src/kernel/config/namespace.js'
import {joinNamespaces, type Network} from '../../src/kernel/config/network.js'
import {walkEachOrder, type Attempt, type Branch, type Outcome} from '../../src/kernel/walk/connect.js'
import {FIRST_PORT} from './agent.js'
import {readOutputs, rulesCommands, type Lab} from './lab.js'
import type {LabAttempt, LabListener, LabScenario} from './lab-scenario.js'
import {ROLES, type Role} from './topology.js'

/** Everything the walker is told: the texts of the commands, and what `ss` does not print of the sockets. */
export function recordedNetwork(
  {names}: Lab,
  {scenario, sockets}: {readonly scenario: LabScenario; readonly sockets: Readonly<Record<string, string>>},
): Network {
  return joinNamespaces(ROLES.map((role) => recorded(role, {name: names[role], scenario, sockets: sockets[names[role]] ?? ''})))
}

interface Recording {
  readonly name: string
  readonly scenario: LabScenario
  readonly sockets: string
}

function recorded(role: Role, {name, scenario, sockets}: Recording): NetworkNamespace {
  const {listeners} = scenario
  const outputs = readOutputs(name, {role, scenario})
  const text = (key: string): {file: string; text: string} => ({file: key, text: outputs.get(key) ?? ''})
  const namespace = readNamespace({
    name,
    files: {
      devices: [text('address'), text('link')],
      rules: text('rule4'),
      rules6: text('rule6'),
      routes: text('route4'),
      routes6: text('route6'),
      ipset: text('sets'),
      sysctls: text('sysctl'),
      listeners: {file: 'ss', text: sockets},
      ...rulesetFiles(role, {scenario, outputs}),
    },
  })
  return withOptions(
    namespace,
    listeners.filter((listener) => listener.role === role),
  )
}

/** The first ruleset under `rules0`, a further one under `rules1`. */
function rulesetFiles(
  role: Role,
  {scenario, outputs}: {readonly scenario: LabScenario; readonly outputs: ReadonlyMap<string, string>},
): Pick<NamespaceFiles, 'nft' | 'iptables' | 'ip6tables'> {
  const files = rulesCommands(scenario.namespaces[role], {family: scenario.family, counted: false}).map(([program], index) => ({
    program,
    source: {file: `rules${index}`, text: outputs.get(`rules${index}`) ?? ''},
  }))
  const saved = files.filter(({program}) => program !== 'nft').map(({source}) => source)
  return {nft: files.find(({program}) => program === 'nft')?.source, [scenario.family === 4 ? 'iptables' : 'ip6tables']: saved}
}

/** `ss` tells neither SO_MARK nor IP_TRANSPARENT. */
function withOptions(namespace: NetworkNamespace, known: readonly LabListener[]): NetworkNamespace {
  const listeners = namespace.listeners.map((listener) => {
    const one = known.find(({protocol, port}) => protocol === listener.protocol && port === listener.port)
    return one === undefined ? listener : {...listener, mark: one.mark, transparent: one.transparent, owner: {user: 0, group: 0}}
  })
  return {...namespace, listeners}
}

export function predict(
  network: Network,
  {attempt, index, names}: {readonly attempt: LabAttempt; readonly index: number; readonly names: Lab['names']},
): readonly Branch[] | undefined {
  return walkEachOrder(network, attemptOf(attempt, {index, names}))
}

function attemptOf(
  {role, user, group, ...rest}: LabAttempt,
  {index, names}: {readonly index: number; readonly names: Lab['names']},
): Attempt {
  return {...rest, namespace: names[role], sourcePort: FIRST_PORT + index, owner: {user, group}}
}

/** How often each rule took a packet: `<namespace> <ruleset> line <n>`. */
export function visitsOf({passes}: Pick<Outcome, 'passes'>): ReadonlyMap<string, number> {
  const visits = new Map<string, number>()
  for (const {namespace, hooks} of passes) {
    for (const {rule, effect} of hooks.flatMap(({visited}) => visited)) {
      // The parts of a rule of nft stand behind it, with the same place.
      if (rule?.place === undefined || effect === 'passed-over' || / rule \d+$/.test(rule.chain)) continue
      const key = `${namespace} ${rule.place.file} line ${rule.place.line}`
      visits.set(key, (visits.get(key) ?? 0) + 1)
    }
  }
  return visits
}
