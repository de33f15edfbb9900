import {hindrance} from './equipment.js'
import {prefixOf, removeLeftovers} from './leftovers.js'
import {comparePackets, type PacketTally} from './packets.js'
import {compareLookups} from './route-lookups.js'
import {compareShares} from './shares.js'

/** Fewer packets prove too little. */
const ENOUGH = 500
const SCENARIOS = 80
const ROUTING_STATES = 25
const DRAWING_STATES = 6

/**
 * The walker against the kernel of this machine: random rules, routes and sets in namespaces of the suite's own, real packets, and what
 * arrived where. `--seed N` or AMBIENTCTL_KERNEL_SEED repeats a run. Ends with `N passed, N failed`.
 */
function main(args: readonly string[]): void {
  const why = hindrance()
  if (why !== undefined) {
    print(`skipped: ${why}`)
    print('0 passed, 0 failed, 1 skipped')
    return
  }
  const seed = numberAfter(args, '--seed') ?? seedOf(process.env['AMBIENTCTL_KERNEL_SEED']) ?? Math.floor(Math.random() * 2 ** 31)
  print(`seed ${seed} (npm run test:kernel -- --seed ${seed} runs the same again)`)
  removeLeftovers()
  const prefix = prefixOf(process.pid)
  const lookups = compareLookups({seed, states: ROUTING_STATES, name: `${prefix}-routes`})
  print(`${lookups.agreed} route lookups as the kernel answers them`)
  const packets = comparePackets({seed, scenarios: numberAfter(args, '--scenarios') ?? SCENARIOS, prefix})
  print(
    `${packets.agreed} packets as the kernel passed them, rule by rule; ${packets.open} left open; ${packets.repeated} states looked at twice`,
  )
  if (packets.outOfTime) print('time was up before all states were tried: this machine is slow')
  const shares = compareShares({seed, states: DRAWING_STATES, prefix})
  print(`${shares.shares} shares of random rules within five standard deviations, over ${shares.datagrams} datagrams`)
  const complaints = [lookups.disagreement, shares.disagreement].flatMap((one) => one ?? []).concat(complaintsAbout(packets))
  conclude(lookups.agreed + packets.agreed + shares.shares, complaints)
}

function complaintsAbout({agreed, open, disagreement, refused, outOfTime}: PacketTally): readonly string[] {
  if (disagreement !== undefined) return [disagreement]
  const sent = agreed + open
  return [
    ...refused.map((message) => `a state was not taken by the tools: ${message}`),
    ...(sent < (outOfTime ? 1 : ENOUGH) ? [`only ${sent} packets were sent, ${ENOUGH} are needed`] : []),
    ...(open > sent / 10 ? [`${open} of ${sent} packets were left open`] : []),
  ]
}

function conclude(passed: number, complaints: readonly string[]): void {
  for (const complaint of complaints) print(`FAILED ${complaint}`)
  print(`${passed} passed, ${complaints.length} failed`)
  process.exitCode = complaints.length === 0 ? 0 : 1
}

function numberAfter(args: readonly string[], option: string): number | undefined {
  const at = args.indexOf(option)
  return at < 0 ? undefined : Number(args[at + 1])
}

function seedOf(text = ''): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

main(process.argv.slice(2))
