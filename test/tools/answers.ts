import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {kubectlOfSnapshot} from '../cli/kubectl-of-snapshot.js'
import {pinnedQuestions} from '../fixtures/pinned.js'
import {runInside} from '../cli/run-inside.js'
import {runProgram, type RunOptions} from '../cli/run-program.js'
import {ANSWERS, type Answer} from './answers-table.js'
import {FIXTURES} from './fixtures.js'

/** An answer with the command that gives it. */
export interface Asked extends Answer {
  readonly command: string
}

/** Every answer with its command: that of its case in fixtures/check.yaml, or one of its own. */
export function askedAnswers(): readonly Asked[] {
  const commands = new Map(pinnedQuestions().map(({check, command}) => [check.name, command]))
  return ANSWERS.map((answer) => {
    const command = answer.command ?? commands.get(answer.case ?? '')
    if (command === undefined) throw new Error(`${answer.pain}: fixtures/check.yaml has no ${answer.case ?? 'case of it'}`)
    return {...answer, command}
  })
}

/** What somebody reads first. */
const FIRST_LINES = 5

/** The first lines of a command's default output, as the built program prints them in a pipe; where a cluster is asked, in a process. */
export async function firstLines({command, distrolessCluster}: Asked, columns?: number): Promise<readonly string[]> {
  const [, ...args] = command.split(' ')
  const env = columns === undefined ? {} : {COLUMNS: String(columns)}
  const {stdout} =
    distrolessCluster === undefined
      ? await runInside(args, {env})
      : await inCluster(distrolessCluster, (cluster) => runProgram(args, {...cluster, env: {...env, ...cluster.env}}))
  return stdout.split('\n').slice(0, FIRST_LINES)
}

/** Beside a kubectl that answers for a shipped snapshot, in a folder that goes away. */
async function inCluster<T>(name: string, run: (options: RunOptions) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ambientctl-answer-'))
  try {
    writeFileSync(join(folder, 'kubectl'), kubectlOfSnapshot(join(FIXTURES, 'clusters', name), {distroless: true}))
    chmodSync(join(folder, 'kubectl'), 0o755)
    return await run({cwd: folder, env: {PATH: folder}})
  } finally {
    rmSync(folder, {recursive: true})
  }
}

/** Whether the lines say the phrase, wherever it wraps. */
export function says(lines: readonly string[], phrase: string): boolean {
  return lines.join(' ').replaceAll(/\s+/g, ' ').includes(phrase)
}

const INTRODUCTION = `# Answers

What users of Istio ambient asked in public threads, and what \`ambientctl\` answers: the first ${FIRST_LINES} lines of its default output,
here on snapshots that are in this repository. \`!\` marks findings: what explains the trace and its hops alone do not say loudly.
Renewed by \`node --import tsx test/tools/answers-write.ts\`; a test asks every question again.
`

/** docs/answers.md. */
export function renderAnswers(answered: readonly {readonly asked: Asked; readonly lines: readonly string[]}[]): string {
  return [INTRODUCTION, ...answered.map(section)].join('\n')
}

function section({asked, lines}: {readonly asked: Asked; readonly lines: readonly string[]}): string {
  const {pain, asks, threads, phrase, command} = asked
  return `## ${pain}: ${asks}

From ${threads}. The answer: *${phrase}*

\`\`\`
$ ${command}
${lines
  .map((line) => line.trimEnd())
  .join('\n')
  .trimEnd()}
\`\`\`
`
}
