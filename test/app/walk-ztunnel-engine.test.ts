import {expect, it} from 'vitest'
import {findDump} from '../../src/app/find-proxy.js'
import {openMesh} from '../../src/app/mesh.js'
import {walkZtunnel, type ZtunnelWalk} from '../../src/app/walk-ztunnel.js'
import {openSnapshot} from '../../src/snapshot/open-snapshot.js'

const question = {
  proxy: 'ztunnel-row-2',
  port: 15001,
  source: {ip: '10.12.2.2', port: 40_000},
  destination: {ip: '10.92.1.4', port: 3306},
}

async function walk(minor?: number): Promise<ZtunnelWalk> {
  const dump = findDump(await mesh, question.proxy)
  const loaded = await dump.load()
  if (loaded.kind === 'unusable') throw loaded.error
  return walkZtunnel({dump, loaded}, {question, ...(minor === undefined ? {} : {minor})})
}

const mesh = openSnapshot({paths: ['fixtures/clusters/ga-orchard']}).then((snapshot) => openMesh(snapshot))

it('reads a dump once for all questions of one release', async () => {
  const [first, second, older] = [await walk(), await walk(), await walk(24)]
  expect(second.forwarder).toBe(first.forwarder)
  expect(older.forwarder).not.toBe(first.forwarder)
  expect((await walk(24)).forwarder).toBe(older.forwarder)
})
