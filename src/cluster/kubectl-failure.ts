import {ExternalError} from '../flow/errors.js'

/** What is asked for: a program in a container of a pod, or what `target` says. */
export interface Asked {
  /** `pod ztunnel-a`, `services`. */
  readonly target: string
  readonly pod?: string
  readonly container?: string
  /** What is run in the container. */
  readonly program?: string
  /** The right that is needed, as `kubectl auth can-i` takes it. */
  readonly right: string
}

/** How a kubectl run ended. */
export interface KubectlEnd {
  readonly args: readonly string[]
  readonly timeoutMs: number
  readonly about: Asked
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

/**
 * Why the cluster did not answer, for whoever may try another way: `no-program`, `no-container`, `no-admin`, `forbidden`, `no-dump` and `other`
 * speak of one way into the pod, `lost` and `unreachable` may pass, the rest holds for every way.
 */
export type FailureReason =
  | 'no-kubectl'
  | 'stopped'
  | 'timeout'
  | 'no-program'
  | 'no-admin'
  | 'no-container'
  | 'no-pod'
  | 'forbidden'
  | 'login'
  | 'kubeconfig'
  | 'no-kind'
  | 'lost'
  | 'unreachable'
  | 'not-running'
  | 'no-dump'
  | 'not-written'
  | 'other'

/** What kubectl says of a file it was given as its standard output; `exec` ends well all the same. */
export const UNWRITTEN = /write \/dev\/stdout: (?!broken pipe)/

/** A failure of kubectl, or of what it reached. */
export class ClusterError extends ExternalError {
  readonly reason: FailureReason

  constructor({reason, ...problem}: ConstructorParameters<typeof ExternalError>[0] & {readonly reason: FailureReason}) {
    super(problem)
    this.reason = reason
  }
}

/** Says why kubectl failed and what to do next. */
export function kubectlFailure(end: KubectlEnd): ClusterError {
  const {reason, what, help} = explain(end)
  // A list that kubectl may not read it prints as an empty one.
  const partly = end.bytes === 0 || end.about.pod === undefined ? '' : `, after ${end.bytes} bytes`
  const command = ['kubectl', ...end.args]
  return new ClusterError({reason, what: `${what}${partly}.`, help, command, exit: exitOf(end), stderr: end.stderr})
}

interface Explanation {
  readonly reason: FailureReason
  readonly what: string
  readonly help: string
}

function explain(end: KubectlEnd): Explanation {
  const {result, timeoutMs} = end
  if (result.code === 'ENOENT') {
    return {
      reason: 'no-kubectl',
      what: 'kubectl was not found on PATH',
      help: 'Install kubectl, or read a dump that was saved before with --file.',
    }
  }
  if (result.isCanceled) return {reason: 'stopped', what: 'kubectl was stopped', help: 'Run the command again.'}
  if (result.timedOut) {
    return {
      reason: 'timeout',
      what: `kubectl did not end within ${timeoutMs / 1000} seconds`,
      help: 'Allow more time with --timeout, or check the connection to the cluster.',
    }
  }
  const known = CAUSES.find(({pattern}) => pattern.test(end.stderr))
  if (known === undefined) return {reason: 'other', what: 'kubectl failed', help: 'Run the command by hand to see more.'}
  return {reason: known.reason, ...known.explain(end)}
}

function exitOf({result, timeoutMs}: KubectlEnd): number | string | undefined {
  if (result.timedOut) return `timeout after ${timeoutMs / 1000} s`
  return result.code ?? result.exitCode ?? result.signal
}

interface Cause {
  readonly reason: FailureReason
  readonly pattern: RegExp
  readonly explain: (end: KubectlEnd) => {readonly what: string; readonly help: string}
}

/** Messages of kubectl, the API server and the container runtime. The first that matches counts. */
const CAUSES: readonly Cause[] = [
  {
    reason: 'not-written',
    pattern: UNWRITTEN,
    explain: () => ({what: 'The file cannot be written', help: 'Check that there is room for it.'}),
  },
  {
    reason: 'no-program',
    pattern: /executable file not found|exec: "[\w-]+"|no such file or directory: unknown|command terminated with exit code 12[67]/,
    explain: ({about}) => ({
      what: `The image of container ${about.container ?? ''} in pod ${about.pod ?? ''} has no ${about.program ?? 'such program'}`,
      help: 'Leave --transport out, or take port-forward, which needs no program in the pod.',
    }),
  },
  {
    reason: 'no-admin',
    pattern: /command terminated with exit code 7\b|error forwarding port/,
    explain: ({about}) => ({
      what: `Nothing answers on the admin port 15000 in ${inPod(about)}`,
      help: 'Name the container of the proxy with --container, and check that the proxy is running.',
    }),
  },
  {
    reason: 'no-container',
    pattern: /container .*(?:is not valid for pod|not found)|container not found/,
    explain: ({about}) => ({
      what: `Pod ${about.pod ?? ''} has no container ${about.container ?? ''}`,
      help: `Name the container of the proxy with --container; \`kubectl get pod ${about.pod ?? ''} -o jsonpath='{.spec.containers[*].name}'\` lists them.`,
    }),
  },
  {
    reason: 'no-pod',
    pattern: /\(NotFound\)|(?:pods?|nodes?|namespaces?) "[^"]*" not found/,
    explain: ({about}) => ({
      what: `There is no ${about.target}`,
      help: 'Check the name and the namespace (-n) with `kubectl get pods`.',
    }),
  },
  {
    reason: 'no-kind',
    pattern: /the server doesn't have a resource type|no matches for kind/,
    explain: ({about}) => ({
      what: `The cluster knows no ${about.target}`,
      help: 'Their CRDs are not installed; there is nothing to record.',
    }),
  },
  {
    reason: 'login',
    pattern: /\(Unauthorized\)|You must be logged in|provide credentials|Enter Username|getting credentials|Unauthorized/,
    explain: () => ({
      what: 'The cluster does not accept the login',
      help: 'Log in again, and check it with `kubectl auth whoami`.',
    }),
  },
  {
    reason: 'forbidden',
    pattern: /\(Forbidden\)|is forbidden/,
    explain: ({about}) => ({
      what: `The cluster does not allow ${about.right}`,
      help: `Ask for the right, and check it with \`kubectl auth can-i ${about.right}\`.`,
    }),
  },
  {
    reason: 'kubeconfig',
    pattern: /context was not found|cannot locate context|context "[^"]*" does not exist|stat .*no such file or directory|current-context/,
    explain: () => ({
      what: 'kubectl cannot use this kubeconfig',
      help: 'Check --context and --kubeconfig; `kubectl config get-contexts` lists what there is.',
    }),
  },
  {
    reason: 'lost',
    pattern:
      /unexpected EOF|error dialing backend|error reading from error stream|stream error|lost connection|connection reset|broken pipe|use of closed network connection/i,
    explain: () => ({what: 'The connection to the pod was lost', help: 'Run the command again.'}),
  },
  {
    reason: 'unreachable',
    pattern:
      /Unable to connect to the server|connection to the server .* was refused|dial tcp|i\/o timeout|no route to host|TLS handshake timeout/,
    explain: () => ({
      what: 'The cluster cannot be reached',
      help: 'Check the connection and --context, or read a recorded snapshot with --snapshot or --file.',
    }),
  },
  {
    reason: 'not-running',
    pattern: /not running|completed pod|CrashLoopBackOff|ContainerCreating|status=Pending/,
    explain: ({about}) => ({what: `Pod ${about.pod ?? ''} is not running`, help: 'Wait until `kubectl get pod` shows it as Running.'}),
  },
]

function inPod({pod = '', container}: Asked): string {
  return container === undefined ? `pod ${pod}` : `container ${container} of pod ${pod}`
}
