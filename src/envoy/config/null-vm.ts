import type {View} from '../../json/view.js'

/** Plugins compiled into Istio's proxy that only report: istio/proxy extensions of 2022 (stats, stackdriver, metadata exchange, access log policy). */
const REPORTING = new Set([
  'envoy.wasm.stats',
  'envoy.wasm.null.stats',
  'envoy.wasm.null.stackdriver',
  'envoy.wasm.metadata_exchange',
  'envoy.wasm.access_log_policy',
])

/** Whether a Wasm filter runs one of Istio's built-in reporting plugins (null VM): it never changes where traffic goes. */
export function isReportingWasm(message: View): boolean {
  const machine = message.get('config')?.get('vm_config')
  return machine?.str('runtime') === 'envoy.wasm.runtime.null' && REPORTING.has(machine.path('code', 'local')?.str('inline_string') ?? '')
}
