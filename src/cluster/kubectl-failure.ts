import {ExternalError} from '../flow/errors.js'

/** How a kubectl run ended. */
export interface KubectlEnd {
  readonly args: readonly string[]
  readonly timeoutMs: number
  readonly about: {readonly pod: string; readonly container: string}
  readonly result: {
    readonly code?: string | undefined
    readonly exitCode?: number | undefined
    readonly signal?: string | undefined
    readonly timedOut: boolean
    readonly isCanceled: boolean
  }
  /** What arrived on standard output before. */
  readonly bytes: number
  readonly stderr: string
}

/** Says why kubectl failed and what to do next. */
export function kubectlFailure(end: KubectlEnd): ExternalError {
  const {what, help} = explain(end)
  const partly = end.bytes === 0 ? '' : `, after ${end.bytes} bytes`
  return new ExternalError({what: `${what}${partly}.`, help, command: ['kubectl', ...end.args], exit: exitOf(end), stderr: end.stderr})
}

interface Explanation {
  readonly what: string
  readonly help: string
}

function explain(end: KubectlEnd): Explanation {
  const {result, timeoutMs} = end
  if (result.code === 'ENOENT') {
    return {what: 'kubectl was not found on PATH', help: 'Install kubectl, or read a dump that was saved before with --file.'}
  }
  if (result.isCanceled) return {what: 'kubectl was stopped', help: 'Run the command again.'}
  if (result.timedOut) {
    return {
      what: `kubectl did not end within ${timeoutMs / 1000} seconds`,
      help: 'Allow more time with --timeout, or check the connection to the cluster.',
    }
  }
  const known = CAUSES.find(({pattern}) => pattern.test(end.stderr))
  return known === undefined ? {what: 'kubectl failed', help: 'Run the command by hand to see more.'} : known.explain(end)
}

function exitOf({result, timeoutMs}: KubectlEnd): number | string | undefined {
  if (result.timedOut) return `timeout after ${timeoutMs / 1000} s`
  return result.code ?? result.exitCode ?? result.signal
}

/** Messages of kubectl, the API server and the container runtime. The first that matches counts. */
const CAUSES: readonly {readonly pattern: RegExp; readonly explain: (end: KubectlEnd) => Explanation}[] = [
  {
    pattern: /executable file not found|exec: "curl"|no such file or directory: unknown|command terminated with exit code 12[67]/,
    explain: ({about}) => ({
      what: `The image of container ${about.container} in pod ${about.pod} has no curl`,
      help: `Run \`kubectl port-forward pod/${about.pod} 15000\`, then \`curl -s 'localhost:15000/config_dump?include_eds' | ambientctl dump --file -\`.`,
    }),
  },
  {
    pattern: /command terminated with exit code 7\b/,
    explain: ({about}) => ({
      what: `Nothing answers on the admin port 15000 in container ${about.container} of pod ${about.pod}`,
      help: 'Name the container of the proxy with --container, and check that the proxy is running.',
    }),
  },
  {
    pattern: /container .*(?:is not valid for pod|not found)|container not found/,
    explain: ({about}) => ({
      what: `Pod ${about.pod} has no container ${about.container}`,
      help: `Name the container of the proxy with --container; \`kubectl get pod ${about.pod} -o jsonpath='{.spec.containers[*].name}'\` lists them.`,
    }),
  },
  {
    pattern: /\(NotFound\)|pods? "[^"]*" not found|namespaces? "[^"]*" not found/,
    explain: ({about}) => ({
      what: `There is no pod ${about.pod}`,
      help: 'Check the name and the namespace (-n) with `kubectl get pods`.',
    }),
  },
  {
    pattern: /\((?:Forbidden|Unauthorized)\)|You must be logged in|provide credentials|is forbidden/,
    explain: ({about}) => ({
      what: `The cluster does not allow a command in pod ${about.pod}`,
      help: 'Ask for the right to create pods/exec, and check the login with `kubectl auth can-i create pods/exec`.',
    }),
  },
  {
    pattern: /context was not found|context "[^"]*" does not exist|stat .*no such file or directory|current-context/,
    explain: () => ({
      what: 'kubectl cannot use this kubeconfig',
      help: 'Check --context and --kubeconfig; `kubectl config get-contexts` lists what there is.',
    }),
  },
  {
    pattern:
      /unexpected EOF|error dialing backend|stream error|lost connection|connection reset|broken pipe|use of closed network connection/i,
    explain: () => ({what: 'The connection to the pod was lost', help: 'Run the command again.'}),
  },
  {
    pattern:
      /Unable to connect to the server|connection to the server .* was refused|dial tcp|i\/o timeout|no route to host|TLS handshake timeout|Enter Username/,
    explain: () => ({
      what: 'The cluster cannot be reached',
      help: 'Check the connection and --context, or read a recorded snapshot with --snapshot or --file.',
    }),
  },
  {
    pattern: /not running|completed pod|CrashLoopBackOff|ContainerCreating/,
    explain: ({about}) => ({what: `Pod ${about.pod} is not running`, help: 'Wait until `kubectl get pod` shows it as Running.'}),
  },
]
