import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, it, onTestFinished} from 'vitest'
import type {DumpStore} from '../../../src/json/store.js'
import {readDirectory} from '../../../src/snapshot/directory.js'
import {composeDump} from '../../../src/snapshot/minimize/compose-dump.js'
import {filteredStore} from '../../../src/snapshot/minimize/filtered-store.js'
import {droppableIds, frameOf} from '../../../src/snapshot/minimize/frame.js'
import {openDump, type DumpFile, type OpenDump} from '../../../src/snapshot/open-dump.js'
import {FIXTURES} from '../../tools/fixtures.js'
import {streamOf} from '../workspace.js'

async function opened(dump: DumpFile): Promise<OpenDump> {
  const open = await openDump(dump)
  onTestFinished(() => {
    open.close()
  })
  return open
}

/** Everything that a reader of a dump can see of it, but for where it stands. */
function contentOf(store: DumpStore): object {
  const sections = store.sections().map((section) => {
    const refs = [...store.refs(section)]
    return {section, elements: refs.map((ref) => [ref.name, ref.configType, Buffer.from(store.raw(ref)).toString('utf8')])}
  })
  return {sections, keys: [...store.documentKeys()]}
}

const CLUSTERS = ['kind-bookinfo-l4', 'kind-bookinfo-l4-nameless', 'waypoint-l7', 'ga-bookinfo', 'ga-ingress']
const MADE: Readonly<Record<string, string>> = {
  'maps with odd keys': String.raw`{"by_addr": {"/10.0.0.1": {"uid": "a~b/c"}, "\"\\": {"n": 1e400}, "__proto__": {}}, "by_vip": {}, "by_uid": []}`,
  'an answer to ?resource=': JSON.stringify({
    configs: ['a', 'b', 'c'].map((name) => ({
      '@type': 'type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster',
      cluster: {'@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name},
    })),
  }),
  'a key that comes twice': '{"by_hostname": {"a": {"x": 1}}, "by_hostname": {"b": {"x": 2}}, "version": {"git_tag": "1.20"}}',
  'a List without items': '{"apiVersion": "v1", "kind": "List", "items": [], "metadata": {"resourceVersion": ""}}',
}

async function dumps(): Promise<readonly DumpFile[]> {
  const shipped = await Promise.all(CLUSTERS.map((name) => readDirectory(join(FIXTURES, 'clusters', name))))
  return shipped
    .flatMap(({dumps: own, inventory}) => [...own, ...inventory])
    .flatMap(({name, path}) => (path === undefined ? [] : {name, from: path}))
}

async function expectSame({index, store}: OpenDump, isDropped: (id: number) => boolean): Promise<void> {
  const isFrame = frameOf(index.resources)
  const keeps = (id: number): boolean => isFrame(id) || !isDropped(id)
  const composed = await opened({name: store.name, from: streamOf(...composeDump({index, store}, keeps))})
  expect(contentOf(composed.store)).toEqual(contentOf(filteredStore(store, {keeps, noteRead: () => undefined})))
}

describe('a composed dump', () => {
  it('reads as the dump did whose elements are filtered: shipped dumps and lists', async () => {
    for (const dump of await dumps()) {
      const open = await opened(dump)
      await expectSame(open, () => false)
      await expectSame(open, () => true)
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(9), {minLength: 1, maxLength: 4}), async (ends) => {
          await expectSame(open, (id) => ends.includes(id % 10))
        }),
        {numRuns: 4},
      )
    }
  })

  it.each(Object.entries(MADE))('reads as the dump did whose elements are filtered: %s', async (name, text) => {
    const open = await opened({name, from: streamOf(text)})
    const droppable = [...droppableIds(open.index.resources)]
    await fc.assert(
      fc.asyncProperty(fc.subarray(droppable), async (dropped) => {
        await expectSame(open, (id) => dropped.includes(id))
      }),
    )
  })

  it('is JSON, and keeps what says how it is read', async () => {
    const open = await opened({
      name: 'envoy.json',
      from: join(FIXTURES, 'clusters/ga-bookinfo/proxies/bookinfo/waypoint-fa2e18eaf9-75ac7.json.gz'),
    })
    const composed = composeDump(open, frameOf(open.index.resources))
    const value: unknown = JSON.parse(Buffer.concat([...composed]).toString('utf8'))
    expect(value).toMatchObject({
      configs: [{bootstrap: {node: {}}}, {dynamic_active_clusters: []}, {}, {dynamic_listeners: []}, {}, {}, {}],
    })
  })
})
