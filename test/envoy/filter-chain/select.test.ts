import {describe, expect, test} from 'vitest'
import {formatShare} from '../../../src/flow/share.js'
import type {Branch} from '../../../src/envoy/branch.js'
import type {EngineContext} from '../../../src/envoy/context.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import {selectFilterChain, type ChainChoice} from '../../../src/envoy/filter-chain/select.js'
import type {Semantics} from '../../../src/envoy/semantics.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import {dump, exactMap, toChain} from '../engine/dump.js'
import {evidenceOf, view} from '../match/samples.js'
import {NEWER, OLDER, UNKNOWN} from '../matcher/trees.js'
import {CONNECTION, range} from './connections.js'

const CONFIG = readEnvoyConfig(memoryStore({name: 'test.json', document: dump({})}))

function select(listener: object, semantics: Semantics = NEWER): readonly Branch<ChainChoice>[] {
  const context: EngineContext = {config: CONFIG, semantics, place: {kind: 'envoy', name: 'test'}, evidence: evidenceOf}
  return selectFilterChain({context, listener: view(listener, '/listener'), connection: CONNECTION})
}

/** `chain taken`, or the kind with its reason. */
function choices(listener: object, semantics?: Semantics): string[] {
  return select(listener, semantics).map(({value}) => {
    switch (value.kind) {
      case 'chain':
        return `chain ${value.chain.str('name') ?? ''}`
      case 'unknown':
        return `unknown: ${value.why}`
      default:
        return `${value.kind}: ${value.reason}`
    }
  })
}

const recorded = (pointer: string): object => ({dump: 'sample', pointer, basis: 'recorded'})
const PORT_443 = exactMap('DestinationPortInput', {443: toChain('web')})
const PORT_1 = exactMap('DestinationPortInput', {1: toChain('web')})
const WEB = {filter_chains: [{name: 'first'}, {name: 'web'}]}
const DEFAULT = {default_filter_chain: {name: 'rest'}}

// envoy-2022 D3: the action names the chain; a name that is not there closes the connection, the default chain is for "no match" only.
describe('a listener with filter_chain_matcher', () => {
  test.each([
    {what: 'takes the chain of that name', listener: {...WEB, filter_chain_matcher: PORT_443}, choice: 'chain web'},
    {
      what: 'ignores filter_chain_match',
      listener: {filter_chains: [{name: 'web', filter_chain_match: {destination_port: 1}}], filter_chain_matcher: PORT_443},
      choice: 'chain web',
    },
    {
      what: 'takes the default chain when nothing matched',
      listener: {...WEB, ...DEFAULT, filter_chain_matcher: PORT_1},
      choice: 'chain rest',
    },
    {
      what: 'has no chain when nothing matched and there is no default',
      listener: {...WEB, filter_chain_matcher: PORT_1},
      choice: 'none: no matcher entry matched, and there is no default filter chain',
    },
    {
      what: 'closes on a name that is not there, default or not (recorded: dangling-chain, dangling-chain-with-default)',
      listener: {filter_chains: [{name: 'first'}], ...DEFAULT, filter_chain_matcher: PORT_443},
      choice: 'none: the matcher names filter chain "web", which does not exist',
    },
    {
      what: 'closes on an action without a name',
      listener: {...WEB, filter_chain_matcher: {on_no_match: {action: {name: 'label'}}}},
      choice: 'none: the matcher names filter chain "", which does not exist',
    },
    {
      what: 'stays open where the matcher does',
      listener: {...WEB, filter_chain_matcher: {matcher_tree: {}}},
      choice: 'unknown: custom matcher of no type',
    },
    {
      what: 'takes the default chain where Envoy lacks the data (I.4)',
      listener: {
        ...WEB,
        ...DEFAULT,
        filter_chain_matcher: {
          matcher_tree: {
            input: {typed_config: {'@type': 'x/envoy.extensions.matching.common_inputs.ssl.v3.SubjectInput'}},
            exact_match_map: {map: {a: toChain('web')}},
          },
        },
      },
      choice: 'chain rest',
    },
  ])('$what', ({listener, choice}) => {
    expect(choices(listener)).toEqual([choice])
  })

  test('the steps tell the path, the action and where both stand in the dump', () => {
    const [branch] = select({...WEB, filter_chain_matcher: PORT_443})
    expect(branch?.steps).toEqual([
      {
        kind: 'matcher',
        path: [{input: 'DestinationPortInput', value: '443', matched: '443'}],
        action: 'web',
        because: ['DestinationPortInput 443'],
        evidence: [recorded('/listener/filter_chain_matcher/matcher_tree/exact_match_map/map/443/action')],
        rejected: [{candidate: 'first', because: 'no entry of the matcher leads there'}],
      },
      {kind: 'filter-chain', name: 'web', because: [], evidence: [recorded('/listener/filter_chains/1')]},
    ])
  })

  test('what was passed over is worked out only when somebody reads it', () => {
    const [branch] = select({...WEB, filter_chain_matcher: PORT_443})
    const [step] = branch?.steps ?? []
    expect(Object.getOwnPropertyDescriptor(step, 'rejected')).toHaveProperty('get', expect.any(Function))
  })

  test('a miss points to the matcher and says why the default chain serves', () => {
    const inner = {matcher: exactMap('DirectSourceIPInput', {x: toChain('web')})}
    const matcher = {...exactMap('ServerNameInput', {a: toChain('web')}), on_no_match: inner}
    const [branch] = select({...WEB, ...DEFAULT, filter_chain_matcher: matcher})
    expect(branch?.steps).toEqual([
      {
        kind: 'matcher',
        path: [
          {input: 'ServerNameInput', value: 'web.shop.test', matched: undefined},
          {input: 'DirectSourceIPInput', value: '172.16.0.9', matched: undefined},
        ],
        because: ['ServerNameInput web.shop.test (no match)', 'DirectSourceIPInput 172.16.0.9 (no match)'],
        evidence: [recorded('/listener/filter_chain_matcher')],
        rejected: [
          {candidate: 'web', because: 'wants ServerNameInput a, got web.shop.test'},
          {candidate: 'first', because: 'no entry of the matcher leads there'},
        ],
      },
      {
        kind: 'filter-chain',
        name: 'rest',
        default: true,
        because: ['no matcher entry matched'],
        evidence: [recorded('/listener/default_filter_chain')],
      },
    ])
  })

  test('an absent input is named absent; what ends without a chain shows the matcher step alone', () => {
    const input = {typed_config: {'@type': 'x/envoy.extensions.matching.common_inputs.network.v3.SourceTypeInput'}}
    const none = {...WEB, filter_chain_matcher: {matcher_tree: {input, exact_match_map: {map: {local: toChain('web')}}}}}
    expect(select(none)[0]?.steps).toMatchObject([{kind: 'matcher', because: ['SourceTypeInput (absent) (no match)']}])
    const dangling = select({filter_chain_matcher: PORT_443})[0]?.steps
    expect(dangling).toMatchObject([{kind: 'matcher', action: 'web'}])
    const unknown = select({filter_chain_matcher: {matcher_tree: {}}})[0]?.steps
    expect(unknown).toMatchObject([{kind: 'matcher', because: ['unknown input (absent) (no match)']}])
  })

  test('default reasons name the missing data', () => {
    const input = {typed_config: {'@type': 'x/envoy.extensions.matching.common_inputs.ssl.v3.SubjectInput'}}
    const [branch] = select({...WEB, filter_chain_matcher: {matcher_tree: {input, exact_match_map: {map: {}}}}})
    expect(branch?.value).toEqual({kind: 'none', reason: 'TLS input on a plaintext connection, and there is no default filter chain'})
  })
})

// envoy-2022 I.2; recorded: matchers-matcher-keep-matching, where even keep-matching-not-reached died. D2: before 1.35 the field did not exist.
describe('keep_matching in a filter_chain_matcher', () => {
  const unreached = exactMap('DestinationPortInput', {443: toChain('web'), 1: {...toChain('first'), keep_matching: true}})
  const listener = {...WEB, filter_chain_matcher: unreached}
  const crash = 'crash: keep_matching inside filter_chain_matcher crashes Envoy on the first connection'

  test.each([
    {version: 'from 1.35', semantics: NEWER, choice: [crash]},
    {version: 'before 1.35', semantics: OLDER, choice: ['chain web']},
    {version: 'of unknown version', semantics: UNKNOWN, choice: [crash, 'chain web']},
  ])('$version', ({semantics, choice}) => {
    expect(choices(listener, semantics)).toEqual(choice)
  })

  test('before 1.35 the action under it is taken', () => {
    const reached = {...WEB, filter_chain_matcher: exactMap('DestinationPortInput', {443: {...toChain('first'), keep_matching: true}})}
    expect(choices(reached, OLDER)).toEqual(['chain first'])
    expect(choices(reached, UNKNOWN)).toEqual([crash, 'chain first'])
  })

  test('each way tells its version, and the old way follows the old rule alone', () => {
    const nested = exactMap('DestinationPortInput', {443: {matcher: {}}, 1: {...toChain('first'), keep_matching: true}})
    const branches = select({...WEB, filter_chain_matcher: {...nested, on_no_match: toChain('web')}}, UNKNOWN)
    expect(branches.map(({value, share, requires}) => [value.kind, formatShare(share), requires.map(({what}) => what)])).toEqual([
      ['crash', 'one of 2', ['Envoy is 1.35 or newer (keep_matching makes it crash)']],
      ['none', 'one of 2', ['not: Envoy is 1.35 or newer (keep_matching makes it crash)']],
    ])
  })
})

describe('a listener without it', () => {
  const match = (criteria: object): object => ({filter_chain_match: criteria})

  test('takes the chain that matches and says why not the others', () => {
    const [branch] = select({
      filter_chains: [
        {name: 'a', ...match({destination_port: 80})},
        {name: 'b', ...match({destination_port: 443})},
      ],
    })
    expect(branch?.steps).toEqual([
      {
        kind: 'filter-chain',
        name: 'b',
        because: ['destination_port 443'],
        rejected: [{candidate: 'a', because: 'wants destination_port 80, got 443'}],
        evidence: [recorded('/listener/filter_chains/1')],
      },
    ])
    expect(branch?.requires).toEqual([])
    expect(formatShare(branch?.share ?? {numerator: 0n, denominator: 1n, exact: true})).toBe('1')
  })

  test('falls back to the default chain, with the level that failed', () => {
    const [branch] = select({filter_chains: [{name: 'a', ...match({destination_port: 80})}], ...DEFAULT})
    expect(branch?.steps).toEqual([
      {
        kind: 'matcher',
        path: [],
        because: ['destination_port 443'],
        rejected: [{candidate: 'a', because: 'wants destination_port 80, got 443'}],
        evidence: [recorded('/listener/filter_chains')],
      },
      {
        kind: 'filter-chain',
        name: 'rest',
        default: true,
        because: ['no filter chain matches (destination_port)'],
        evidence: [recorded('/listener/default_filter_chain')],
      },
    ])
  })

  test('has none without a default chain', () => {
    expect(choices({filter_chains: [{name: 'a', ...match({server_names: ['x']})}]})).toEqual([
      'none: no filter chain matches (server_names), and there is no default filter chain',
    ])
    expect(choices({})).toEqual(['none: no filter chain matches (there is none), and there is no default filter chain'])
    expect(select({})[0]?.steps).toMatchObject([{evidence: [recorded('/listener')]}])
  })

  test('two ways to say any give two branches of one of 2', () => {
    const branches = select({filter_chains: [{name: 'none'}, {name: 'zero', ...match({prefix_ranges: [range('0.0.0.0/0')]})}]})
    expect(branches.map(({value, share, requires}) => [value.kind, formatShare(share), requires.length])).toEqual([
      ['chain', 'one of 2', 1],
      ['chain', 'one of 2', 1],
    ])
  })
})
