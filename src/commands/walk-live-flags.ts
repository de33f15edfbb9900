import type {Interfaces} from '@oclif/core'
import {openSources} from '../app/open.js'
import {isLiveMeant} from '../app/trace-source.js'
import {liveProxies, recordedProxies, type WalkSource} from '../app/walk-source.js'
import {liveOnly, proxyFlags, liveRequest} from './cluster-flags.js'
import {coverageFlags, meshOptionsOf, requestFlags, sourceFlags, sourcesOf, traceOutputFlags, walkFlags} from './flags.js'
import type {Opener} from './trace-flags.js'

export const allWalkFlags = {...sourceFlags, ...walkFlags, ...requestFlags, ...traceOutputFlags, ...coverageFlags, ...proxyFlags}

export type WalkFlags = Interfaces.InferredFlags<typeof allWalkFlags>

/** The proxies of what the flags name, else those of the live cluster. */
export async function proxiesFrom(flags: WalkFlags, {version, warn, progress, cancelSignal}: Opener): Promise<WalkSource> {
  const mesh = {...meshOptionsOf(flags), inferNames: false}
  const sources = sourcesOf(flags)
  if (isLiveMeant({sources, liveOnly: liveOnly(flags)})) {
    return liveProxies({...liveRequest(flags), tool: {name: 'ambientctl', version}, mesh, progress, cancelSignal: cancelSignal()})
  }
  const opened = await openSources(sources, mesh)
  for (const warning of opened.snapshot.warnings) warn(warning)
  return recordedProxies(opened)
}
