import type {CheckSources} from '../audit/check-file.js'
import type {Question} from '../flow/trace.js'

/** The `ambientctl trace` call that asks the same question of the same source. */
export function commandFor(question: Question, {paths, files, demo, namespace, envoyVersion}: CheckSources): readonly string[] {
  const {source, destination, protocol, method, path, host, headers = [], sni, fromKind} = question
  return [
    'ambientctl',
    'trace',
    source,
    destination,
    ...flag('--protocol', protocol),
    ...flag('--method', method),
    ...flag('--path', path),
    ...flag('--host', host),
    ...headers.flatMap(([name, value]) => ['--header', `${name}:${value}`]),
    ...flag('--sni', sni),
    ...flag('--from-kind', fromKind),
    ...flag('--namespace', namespace),
    ...flag('--envoy-version', envoyVersion === undefined ? undefined : `${envoyVersion.major}.${envoyVersion.minor}`),
    ...paths.flatMap((each) => ['--snapshot', each]),
    ...files.flatMap((each) => ['--file', each]),
    ...flag('--demo', demo),
  ]
}

function flag(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value]
}
