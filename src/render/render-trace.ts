import type {Trace} from '../flow/trace.js'
import type {TreeOptions} from './tree.js'

export interface RenderOptions extends TreeOptions {
  readonly format: TraceFormat
}

export type TraceFormat = 'tree' | 'minimal' | 'json'

type Renderer = (trace: Trace, options: TreeOptions) => string

/** A format is loaded when it is asked for: most runs need one. */
const FORMATS: ReadonlyMap<TraceFormat, () => Promise<Renderer>> = new Map<TraceFormat, () => Promise<Renderer>>([
  ['tree', async () => (await import('./tree.js')).renderTree],
  ['minimal', async () => (await import('./minimal.js')).renderMinimal],
  ['json', async () => (await import('./trace-json.js')).renderJson],
])

export const TRACE_FORMATS: readonly TraceFormat[] = [...FORMATS.keys()]

/** One trace in one format, without a newline at its end. Pure: the same trace and options give the same text. */
export async function renderTrace(trace: Trace, {format, ...options}: RenderOptions): Promise<string> {
  const load = FORMATS.get(format)
  if (load === undefined) throw new Error(`no such trace format: ${format}`)
  const render = await load()
  return render(trace, options)
}
