import {walkProxy} from '../../../src/app/walk.js'
import {demandAnswer, demandSummary, documentOf, DUMP, openBytes} from '../asked.js'
import {Corpus, seedsOf, type Layer} from '../corpus.js'
import {expecting, joinEndings, type Ending} from '../ending.js'
import {drawEdits} from '../mutate/draw-edits.js'
import {applyEdits, toBytes} from '../mutate/edit.js'
import {drawWalk, vocabularyOf} from '../questions.js'
import type {Random} from '../random.js'
import {isTreeOrByteEdit, type Draft, type Target} from '../target.js'

/** Lone Envoy dumps: opened, summed up, walked. */
export function envoyTarget(): Target {
  return walkTarget({name: 'envoy', percent: 36, layer: 'envoy'})
}

/** Lone ztunnel dumps, asked through the same door as `walk`. */
export function ztunnelWalkTarget(): Target {
  return walkTarget({name: 'ztunnel-walk', percent: 6, layer: 'ztunnel'})
}

function walkTarget({layer, ...target}: Pick<Target, 'name' | 'percent'> & {readonly layer: Layer}): Target {
  const corpus = new Corpus(seedsOf(layer))
  return {
    ...target,
    draw: (random) => drawDump(corpus, random),
    run: (draft, random) => expecting(() => runDump(changedBytes(corpus, draft), random)),
  }
}

export function drawDump(corpus: Corpus, random: Random): Draft {
  const seed = random.pick(corpus.seeds)
  const drawing = {ground: corpus.ground(seed), donor: corpus.ground(random.pick(corpus.seeds)), random}
  return {seed: seed.name, edits: drawEdits(drawing)}
}

export function changedBytes(corpus: Corpus, {seed, edits}: Draft): Buffer {
  const changes = edits.filter(isTreeOrByteEdit)
  return toBytes(applyEdits(JSON.parse(corpus.named(seed).text), changes), changes)
}

async function runDump(bytes: Buffer, random: Random): Promise<Ending> {
  const mesh = await openBytes(bytes)
  const endings = [await demandSummary(mesh, random)]
  const documents = new Map([[DUMP, documentOf(bytes)]])
  const listeners = await listenersOf(mesh)
  const vocabulary = vocabularyOf(bytes.toString('latin1'))
  for (let count = random.pick([1, 1, 2]); count > 0; count -= 1) {
    const question = drawWalk({proxy: 'proxy', listeners, vocabulary, random})
    endings.push(await demandAnswer({mesh, documents, ask: (each) => walkProxy(each, {question}), random}))
  }
  mesh.snapshot.close()
  return joinEndings(endings)
}

async function listenersOf(mesh: Awaited<ReturnType<typeof openBytes>>): Promise<readonly string[]> {
  const configs = await mesh.shelf.configs(mesh.shelf.dumps)
  return configs.flatMap((config) => config.listeners().map(({name}) => name))
}
