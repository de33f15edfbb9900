import {writeFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {askedAnswers, firstLines, renderAnswers} from './answers.js'
import {build} from './build.js'

/** `node --import tsx test/tools/answers-write.ts`: renews docs/answers.md. */
await build()
const answered = []
for (const asked of askedAnswers()) answered.push({asked, lines: await firstLines(asked)})
writeFileSync(fileURLToPath(new URL('../../docs/answers.md', import.meta.url)), renderAnswers(answered))
