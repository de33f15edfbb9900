import {Args} from '@oclif/core'
import {answerLines, type LineAnswer} from '../app/answer-lines.js'
import {askCapture, type CaptureAnswer, type CaptureOptions} from '../app/capture.js'
import {checkCapture, type CaptureCheckup} from '../app/capture-findings.js'
import {placeMissing} from '../app/capture-place.js'
import type {CaptureShelf} from '../app/capture-shelf.js'
import {captureExitCode, captureQuestionFrom, readCaptureQuestion} from '../app/capture-question.js'
import {policiesFrom} from '../app/network-policy-file.js'
import {captureDocument, captureLineDocument, renderCaptureLine} from '../render/capture-document.js'
import {renderCapture, renderCheckup} from '../render/capture.js'
import {batchLines} from '../snapshot/batch-lines.js'
import {BaseCommand} from './base.js'
import {captureFlags, captureSource, packetOf} from './capture-flags.js'

export class Capture extends BaseCommand {
  static override summary = 'Show what the packet rules of a node or pod do with a packet.'
  static override description = `PLACE is a node, a pod or namespace/pod: of a snapshot one whose rules were
recorded under capture/, else one of the live cluster. The packet, its answer
and what they cause are walked through packet rules, sets and routes; each step
cites the line that decided. Without --dst the state of the place is looked
over. NetworkPolicies are asked about the packet as the network carries it, and
about the port of tunnels.
A line of --batch: {"target": "ns/pod", "destination": "10.0.0.1:80"}, and as
needed "source", "protocol", "inDevice", "mark", "owner": {"user", "group"}.`

  static override examples = [
    '<%= config.bin %> capture sleep --dst 10.96.44.10:5000 --snapshot recorded',
    '<%= config.bin %> capture gke-a --in-device eth0 --src 10.0.0.9 --dst 10.4.2.19:80',
    '<%= config.bin %> capture gke-a --snapshot recorded',
  ]

  static override args = {place: Args.string({description: 'The node or pod.'})}

  static override flags = captureFlags

  override async run(): Promise<object> {
    const {args, flags} = await this.parse(Capture)
    const packet = packetOf(flags)
    const {shelf, target} = await captureSource(
      {target: args.place, flags},
      {version: this.config.version, progress: (line) => this.progress(line), cancelSignal: () => this.cancelSignal()},
    )
    for (const warning of shelf.warnings) this.warn(warning)
    const {namespace = shelf.home ?? 'default', explain, batch} = flags
    const options = {namespace, explain, findings: batch === undefined, ...(await policiesFrom(flags['network-policies']))}
    if (batch !== undefined) return this.answerAll(shelf, {path: batch, options, target})
    if (target === undefined) throw placeMissing(shelf)
    if (packet === undefined) {
      const checkup = checkCapture(shelf, {target, namespace})
      return this.finish(checkup, renderCheckup(checkup, this.look(flags)))
    }
    const question = captureQuestionFrom({target, ...packet})
    const answer = askCapture(shelf, {question, options})
    return this.finish(answer, renderCapture(answer, this.look(flags)))
  }

  private async finish(result: CaptureAnswer | CaptureCheckup, text: string): Promise<object> {
    await this.print(text)
    this.conclude(result.outlook)
    return captureDocument(result)
  }

  private async answerAll(shelf: CaptureShelf, {path, options, target}: BatchInput): Promise<object> {
    const answer = (value: unknown): CaptureAnswer => askCapture(shelf, {question: readCaptureQuestion(value, target), options})
    const answers: LineAnswer<CaptureAnswer>[] = []
    for await (const each of answerLines({lines: batchLines(path), answer})) {
      answers.push(each)
      await this.print(renderCaptureLine(each))
    }
    process.exitCode = captureExitCode(answers)
    return {answers: answers.map(captureLineDocument)}
  }
}

interface BatchInput {
  readonly path: string
  readonly options: CaptureOptions
  readonly target: string | undefined
}
