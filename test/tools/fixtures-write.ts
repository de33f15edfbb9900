import {rmSync} from 'node:fs'
import {join} from 'node:path'
import {FIXTURES, shippedClusters, writeClusters} from './fixtures.js'

/** `node --import tsx test/tools/fixtures-write.ts`: renews fixtures/clusters. */
for (const cluster of shippedClusters()) rmSync(join(FIXTURES, 'clusters', cluster), {recursive: true})
writeClusters(join(FIXTURES, 'clusters'))
