import {expect, it, onTestFinished} from 'vitest'
import {ReadElements} from '../../../src/snapshot/minimize/read-elements.js'
import {openDump, type OpenDump} from '../../../src/snapshot/open-dump.js'
import {streamOf} from '../workspace.js'

async function opened(text: string): Promise<OpenDump> {
  const dump = await openDump({name: 'pods.json', from: streamOf(text)})
  onTestFinished(() => {
    dump.close()
  })
  return dump
}

/** Of each element whether two readings of it give one object. */
function areKept(dump: OpenDump, read: ReadElements): readonly boolean[] {
  const store = read.keeping(dump)?.store
  return [...dump.store.refs('items')].map((ref) => {
    const [first, second] = [store?.read(ref), store?.read(ref)]
    expect(second).toEqual(dump.store.read(ref))
    return first === second
  })
}

const pods = (note: string): string =>
  JSON.stringify({apiVersion: 'v1', kind: 'List', items: ['a', 'b'].map((name) => ({kind: 'Pod', name, note}))})

it('an element is parsed once, and is what the file holds', async () => {
  expect(areKept(await opened(pods('')), new ReadElements())).toEqual([true, true])
})

it('what has no room any more is parsed each time', async () => {
  expect(areKept(await opened(pods('n'.repeat(1000))), new ReadElements(1500))).toEqual([true, false])
})

it('all files share the room', async () => {
  const read = new ReadElements(1500)
  expect(areKept(await opened(pods('n'.repeat(500))), read)).toEqual([true, true])
  expect(areKept(await opened(pods('n'.repeat(500))), read)).toEqual([false, false])
})
