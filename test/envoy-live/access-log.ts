import {readFile} from 'node:fs/promises'
import {z} from 'zod'
import {extension, type Message} from './message.js'

/** The operators that tell how Envoy decided. */
const OPERATORS = {
  client: '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%',
  filter_chain: '%FILTER_CHAIN_NAME%',
  virtual_host: '%CEL(xds.virtual_host_name)%',
  route: '%ROUTE_NAME%',
  cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_host: '%UPSTREAM_HOST%',
  code: '%RESPONSE_CODE%',
  flags: '%RESPONSE_FLAGS%',
  details: '%RESPONSE_CODE_DETAILS%',
  termination: '%CONNECTION_TERMINATION_DETAILS%',
}

const record = z.object({
  listener: z.string(),
  level: z.enum(['listener', 'request']),
  client: z.string().nullish(),
  filter_chain: z.string().nullish(),
  virtual_host: z.string().nullish(),
  route: z.string().nullish(),
  cluster: z.string().nullish(),
  upstream_host: z.string().nullish(),
  code: z.number().nullish(),
  flags: z.string().nullish(),
  details: z.string().nullish(),
  termination: z.string().nullish(),
})

export type LogRecord = z.infer<typeof record>

/** The access logger of a listener (one record per connection) or of a connection manager (one per request). */
export function accessLog(of: {listener: string; level: LogRecord['level']; file: string}): Message {
  const format = {listener: of.listener, level: of.level, ...OPERATORS}
  const formatters = [extension('cel', 'envoy.extensions.formatter.cel.v3.Cel')]
  return extension('file', 'envoy.extensions.access_loggers.file.v3.FileAccessLog', {
    path: of.file,
    log_format: {json_format: format, formatters},
  })
}

/** Records so far; a line that is still being written is left for the next time. */
export async function readLog(file: string): Promise<LogRecord[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines.filter((line) => line !== '').map((line) => record.parse(JSON.parse(line)))
}
