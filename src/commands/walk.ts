import {Args} from '@oclif/core'
import {walkQuestionFrom} from '../app/question-input.js'
import {runWalk, type WalkAsked} from '../app/walk-session.js'
import type {WalkSource} from '../app/walk-source.js'
import {answersDocument, renderCoverageAs} from '../render/coverage-document.js'
import {renderWalkAnswer} from '../render/walk-answer.js'
import {batchLines} from '../snapshot/batch-lines.js'
import {BaseCommand} from './base.js'
import {limitsOf} from './flags.js'
import {allWalkFlags, proxiesFrom, type WalkFlags} from './walk-live-flags.js'

/** What one proxy does with a connection. */
export class Walk extends BaseCommand {
  static override summary = 'Show what one proxy does with a connection.'
  static override description = `PROXY is a pod, namespace/pod, or a name given with --file; a unique
beginning is enough. The walk follows the internal listeners of the proxy and
ends where the connection leaves it: what the next one does is not part of it.
A Rust ztunnel is asked at port 15001 or 15006 with --src and --dst, at 15008
with --src, --identity and --authority.
Without a recording the proxy is fetched from the live cluster: PROXY is then
POD, NAMESPACE/POD or deploy/NAME, an application stands for its ztunnel.
--coverage tells what of the proxy the questions touched, and what not.`

  static override examples = [
    '<%= config.bin %> walk ztunnel --port 15001 --src 10.4.2.19 --dst 10.8.4.226:9080',
    '<%= config.bin %> walk ztunnel --port 15006 --src 10.4.2.19 --dst 10.4.2.7:9080',
    '<%= config.bin %> walk deploy/gateway -n ingress --port 80 --save evidence',
    '<%= config.bin %> walk waypoint --port 15008 --identity spiffe://td/ns/a/sa/b',
    '<%= config.bin %> walk waypoint --batch questions.ndjson -f waypoint.json',
    '<%= config.bin %> walk gateway --batch asked.ndjson --fail-under routes=80',
  ]

  static override args = {proxy: Args.string({description: 'The proxy.'})}

  static override flags = allWalkFlags

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Walk)
    const asked = askedOf(args.proxy, flags)
    const source = await proxiesFrom(flags, {
      version: this.config.version,
      warn: (warning) => this.warn(warning),
      progress: (line) => this.progress(line),
      cancelSignal: () => this.cancelSignal(),
    })
    try {
      return await this.ask(source, {asked, flags})
    } finally {
      await source.close()
    }
  }

  private async ask(source: WalkSource, {asked, flags}: {readonly asked: WalkAsked; readonly flags: WalkFlags & Width}): Promise<object> {
    const {'fail-under': failUnder, 'ztunnel-version': ztunnelMinor, output, verbose, evidence} = flags
    const goals = failUnder ?? (flags.coverage ? [] : undefined)
    const shape = {isBatch: asked.kind === 'batch', isCovered: goals !== undefined}
    const look = {...this.look(flags), format: output, verbose, evidence}
    const {answers, coverage, missed, exitCode} = await runWalk(source, {
      asked,
      goals,
      options: {limits: limitsOf(flags), ...(ztunnelMinor === undefined ? {} : {ztunnelMinor})},
      handOn: async (answer) => {
        const text = await renderWalkAnswer(answer, {...look, ...shape})
        if (text !== undefined) await this.print(text)
      },
    })
    process.exitCode = exitCode
    if (coverage !== undefined) await this.print(renderCoverageAs(output, {coverage, missed, look}))
    return answersDocument(answers, {isBatch: shape.isBatch, coverage})
  }
}

interface Width {
  readonly width?: number | undefined
}

function askedOf(proxy: string | undefined, flags: WalkFlags): WalkAsked {
  if (flags.batch !== undefined) return {kind: 'batch', lines: batchLines(flags.batch), proxy}
  const {src: source, dst: destination, header: headers, listener, port, identity, alpn, authority, inner, method, path, sni} = flags
  const request = {identity, alpn, authority, inner, method, path, sni, headers}
  return {kind: 'one', question: walkQuestionFrom({proxy, listener, port, source, destination, ...request}), expected: flags.expect}
}
