import type {Traversal} from './kernel-case.js'

/**
 * Undefined when every recorded pass was predicted, in order, and nothing else. Left out on both sides, because whether they are
 * seen depends on more than the rules: tunnel packets (neighbour requests travel in them too) and ICMP redirects (limited per peer).
 */
export function compareTraversals(predicted: readonly Traversal[], observed: readonly Traversal[]): string | undefined {
  const [mine, all] = [predicted, observed].map((traversals) => traversals.filter(isCompared))
  const theirs = (all ?? []).filter(({order_unknown: unknown}) => unknown !== true)
  const rest = [...(mine ?? [])]
  for (const one of theirs) {
    const at = rest.findIndex((candidate) => difference(candidate, one) === undefined)
    const skipped = rest.slice(0, Math.max(at, 0))
    if (at < 0 || !skipped.every((candidate) => mayBeUnseen(candidate, {observed: all ?? [], predicted}))) return describe(one, rest[0])
    rest.splice(0, at + 1)
  }
  const extra = rest.find((candidate) => !mayBeUnseen(candidate, {observed: all ?? [], predicted}))
  return extra === undefined ? undefined : `not observed: ${text(extra)}`
}

function isCompared({packet}: Traversal): boolean {
  return !packet.startsWith('encap-') && packet !== 'icmp-5-1'
}

/** Passes never seen on a wire are listed last; packets behind a random port were not recognised by the recorder. */
function mayBeUnseen(
  candidate: Traversal,
  {observed, predicted}: {readonly observed: readonly Traversal[]; readonly predicted: readonly Traversal[]},
): boolean {
  const isLast = observed.some((one) => one.order_unknown === true && difference(candidate, one) === undefined)
  const randomPort = predicted.some(({hooks}) =>
    hooks.some(({rules}) => rules.some(({rule}) => typeof rule === 'string' && / --random/.test(rule))),
  )
  return isLast || randomPort
}

function difference(mine: Traversal, theirs: Traversal): string | undefined {
  if (mine.netns !== theirs.netns || mine.packet !== theirs.packet) return 'another packet'
  const legacy = theirs.hooks.some(({rules}) => rules.some((rule) => 'mark_before' in rule))
  // The log of the legacy backend cannot tell two passes of the same packet round the loopback apart.
  const hooks = legacy ? theirs.hooks.slice(0, mine.hooks.length) : theirs.hooks
  if (hooks.length !== mine.hooks.length) return 'other hooks'
  return hooks.map((hook, index) => hookDifference(mine.hooks[index], {hook, legacy, packet: mine.packet})).find((why) => why !== undefined)
}

type Hook = Traversal['hooks'][number]

function hookDifference(
  mine: Hook | undefined,
  {hook, legacy, packet}: {readonly hook: Hook; readonly legacy: boolean; readonly packet: string},
): string | undefined {
  if (mine?.hook !== hook.hook) return 'another hook'
  if (!sameRules(rulesOf(mine), {observed: rulesOf(hook), legacy})) return `rules of ${hook.hook}: ${rulesOf(mine).join(' ')}`
  return stateText(mine, packet) === stateText(hook, packet) ? undefined : `after ${hook.hook}: ${stateText(mine, packet)}`
}

function rulesOf({rules}: Hook): readonly string[] {
  return rules.flatMap(({table, chain, n}) => (n === undefined ? [] : [`${table}.${chain}#${n}`]))
}

/** The legacy log loses lines (after an empty end of a raw chain it is silent), but never invents one. */
function sameRules(mine: readonly string[], {observed, legacy}: {readonly observed: readonly string[]; readonly legacy: boolean}): boolean {
  if (!legacy) return mine.join() === observed.join()
  let at = -1
  return observed.every((rule) => {
    at = mine.indexOf(rule, at + 1)
    return at >= 0
  })
}

/** Of a TCP packet the client's port, of a datagram the source port is left out: NAT may have drawn another one. */
function stateText({after}: Hook, packet: string): string {
  if (after === null) return 'gone'
  const {src, sport, dst, dport, mark, iif, oif, ct_state: state} = after
  const ports = packet === 'syn' ? [dport] : packet === 'syn-ack' ? [sport] : packet === 'rst' ? [] : [dport]
  return [src, dst, ...ports, mark, iif, oif, state].map((value) => value ?? '-').join(' ')
}

function describe(observed: Traversal, predicted: Traversal | undefined): string {
  return `not predicted: ${text(observed)}${predicted === undefined ? '' : `; instead ${text(predicted)}`}`
}

function text({netns, packet, hooks}: Traversal): string {
  return `${netns} ${packet} ${hooks.map((hook) => `${hook.hook} [${rulesOf(hook).join(' ')}] ${stateText(hook, packet)}`).join(', ')}`
}
