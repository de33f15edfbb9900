import {readFileSync, writeFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {build} from './build.js'
import {renderCommandDocs} from './command-docs.js'

/** `node --import tsx test/tools/command-docs-write.ts`: renews docs/commands.md. */
const root = new URL('../../', import.meta.url)
await build()
writeFileSync(
  fileURLToPath(new URL('docs/commands.md', root)),
  renderCommandDocs(JSON.parse(readFileSync(fileURLToPath(new URL('oclif.manifest.json', root)), 'utf8'))),
)
