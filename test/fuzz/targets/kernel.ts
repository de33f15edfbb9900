import {joinNamespaces} from '../../../src/kernel/config/network.js'
import {readNamespace, type NamespaceFiles} from '../../../src/kernel/config/read-namespace.js'
import type {SourceText} from '../../../src/kernel/config/source-text.js'
import {walkAttempt, type Attempt, type Branch} from '../../../src/kernel/walk/connect.js'
import {addShares, formatShare, isWhole, NOTHING} from '../../../src/flow/share.js'
import {seedsOf} from '../corpus.js'
import {expecting, joinEndings, type Ending} from '../ending.js'
import {demand} from '../finding.js'
import {isList, isRecord} from '../json-tree.js'
import {changeBytes} from '../mutate/edit.js'
import {drawByteEdit} from '../mutate/draw-edits.js'
import {HOSTILE_TEXTS} from '../mutate/hostile.js'
import {applyTextEdits, drawTextEdits} from '../mutate/text-edits.js'
import {pickOr, vocabularyOf} from '../questions.js'
import type {Random} from '../random.js'
import {isTextEdit, isTreeOrByteEdit, type Draft, type Target} from '../target.js'

const QUESTIONS = 3

/** Outputs of iptables-save, ipset, ip rule, ip route, ip addr, ss and sysctl, of which one was changed. */
export function kernelTarget(): Target {
  const seeds = seedsOf('kernel').map(({name, text}) => ({name, namespaces: namespacesOf(JSON.parse(text))}))
  const lines = seeds.flatMap(({namespaces}) =>
    namespaces.flatMap(({texts}) => texts.flatMap(({source}) => source.text.split('\n').slice(0, 40))),
  )
  return {
    name: 'kernel',
    percent: 16,
    draw: (random) => {
      const seed = random.pick(seeds)
      const namespace = random.pick(seed.namespaces)
      const {key, index} = random.pick(namespace.texts)
      const edits = [
        ...drawTextEdits({random, words: WORDS, lines: [...HOSTILE_LINES, ...lines], most: 4}),
        ...(random.chance(0.05) ? [drawByteEdit(random)] : []),
      ]
      return {seed: seed.name, part: `${namespace.name} ${key} ${index}`, edits}
    },
    run: (draft, random) => {
      const seed = seeds.find(({name}) => name === draft.seed)
      return expecting(() => runNetwork(seed?.namespaces ?? [], {draft, random}))
    },
  }
}

interface Recorded {
  readonly name: string
  readonly texts: readonly {readonly key: string; readonly index: number; readonly source: SourceText}[]
}

const LISTS = new Set(['iptables', 'ip6tables', 'devices'])

function namespacesOf(bundle: unknown): readonly Recorded[] {
  const namespaces = isRecord(bundle) && isList(bundle['namespaces']) ? bundle['namespaces'].filter(isRecord) : []
  return namespaces.map(({name, files}) => ({
    name: String(name),
    texts: Object.entries(isRecord(files) ? files : {}).flatMap(([key, value]) =>
      (isList(value) ? value : [value])
        .filter(isRecord)
        .map(({file, text}, index) => ({key, index, source: {file: String(file), text: String(text)}})),
    ),
  }))
}

function runNetwork(recorded: readonly Recorded[], {draft, random}: {readonly draft: Draft; readonly random: Random}): Ending {
  const changed = recorded.map(({name, texts}) => ({
    name,
    texts: texts.map(({key, index, source}) => ({
      key,
      index,
      source: draft.part === `${name} ${key} ${index}` ? change(source, draft) : source,
    })),
  }))
  const network = joinNamespaces(changed.map(({name, texts}) => readNamespace({name, files: filesOf(texts)})))
  const vocabulary = vocabularyOf(changed.flatMap(({texts}) => texts.map(({source}) => source.text)).join('\n'))
  const endings = Array.from({length: QUESTIONS}, () => {
    const attempt: Attempt = {
      namespace: random.pick(recorded).name,
      protocol: random.pick(['tcp', 'tcp', 'udp', 'icmp']),
      sourcePort: 40_000,
      destination: {
        ip: pickOr([...vocabulary.addresses, 'fd00::1', '::1'], {random, other: '8.8.8.8'}),
        port: random.pick([80, 9080, 15_001, 15_006, 15_008, 53]),
      },
      mark: random.pick([0, 0, 0x539, 0x100, 0x200]),
      transparent: random.chance(0.1),
      ...(random.chance(0.3) ? {source: pickOr(vocabulary.addresses, {random, other: '10.0.0.1'})} : {}),
    }
    return demandWalk(() => walkAttempt(network, attempt))
  })
  return joinEndings(endings)
}

function change(source: SourceText, {edits}: Draft): SourceText {
  const text = applyTextEdits(source.text, edits.filter(isTextEdit))
  return {file: source.file, text: changeBytes(text, edits.filter(isTreeOrByteEdit)).toString('utf8')}
}

function filesOf(texts: Recorded['texts']): NamespaceFiles {
  const groups = new Map<string, readonly SourceText[]>()
  for (const {key, source} of texts) groups.set(key, [...(groups.get(key) ?? []), source])
  return Object.fromEntries([...groups].map(([key, sources]) => [key, LISTS.has(key) ? sources : sources[0]]))
}

function demandWalk(walk: () => readonly Branch[] | undefined): Ending {
  const branches = walk()
  demand(JSON.stringify(walk(), print) === JSON.stringify(branches, print), 'the same packet went two ways', () => '')
  if (branches === undefined) return {kinds: ['undetermined'], work: 0}
  const sum = branches.map(({share}) => share).reduce(addShares, NOTHING)
  demand(isWhole(sum), 'shares of the ways do not sum to 1', () => formatShare(sum))
  const passes = branches.flatMap(({outcome}) => outcome.passes)
  const rules = passes.flatMap(({hooks}) => hooks.flatMap((hook) => hook.visited))
  return {kinds: branches.map(({outcome}) => outcome.result), work: passes.length + rules.length}
}

function print(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

const WORDS = [
  ...HOSTILE_TEXTS,
  '-j',
  '-g',
  '!',
  '--',
  '-s',
  '-m',
  'set',
  'RETURN',
  'PREROUTING',
  'OUTPUT',
  'TPROXY',
  '0x100/0xffffffffff',
  '0xffffffff',
  '99999999999999999999',
  '10.0.0.0/33',
  '::/129',
  '1.2.3.4-1.2.3.1',
  '65536',
  '1:0',
  'default',
  'via',
  'lo',
  'table',
  'main',
  'local',
  '--random',
]

const HOSTILE_LINES = [
  '-A PREROUTING -j PREROUTING',
  '-A OUTPUT -j OUTPUT',
  '-A POSTROUTING -g POSTROUTING',
  '-A PREROUTING -m statistic --mode random --probability 0.00000000000000001 -j ACCEPT',
  '-A OUTPUT -m statistic --mode random --probability 0.50000000000 -j ACCEPT',
  '-A OUTPUT -m statistic --mode nth --every 0 --packet 0 -j ACCEPT',
  '-A PREROUTING -m set --match-set nowhere src,dst,src,dst,src,dst,src -j MARK --set-xmark 0x1/0x0',
  '-A OUTPUT -p tcp -j REDIRECT --to-ports 15001-15000',
  '-A OUTPUT -j DNAT --to-destination :0',
  '-A PREROUTING -p tcp -j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x400/0xfff',
  '*nat',
  'COMMIT',
  ':OUTPUT - [0:0]',
  '100:\tfrom all goto 100',
  '99:\tfrom all goto 98',
  '100:\tnot from all fwmark 0x1/0x1 lookup 100',
  'default dev lo',
  'default via 10.0.0.1 dev nowhere table 100 onlink metric 4294967296',
  'local 0.0.0.0/0 dev lo scope host table 100',
  'create a hash:ip family inet hashsize 0 maxelem -1',
  'add nowhere 10.0.0.1 nomatch',
]
