import {tri, type Tri} from '../../../flow/tri.js'
import {toNumber, type View} from '../../../json/view.js'
import {rootOf, type CelSubject} from './attributes.js'
import {callFunction} from './functions.js'
import {isMap, known, unknown, type CelResult, type CelValue} from './value.js'

/** Expressions nested deeper than this are not evaluated. */
const MAX_NESTING = 64

/**
 * A parsed CEL expression (google.api.expr.v1alpha1.Expr or cel.expr.Expr) as a condition: it holds when it is true; an evaluation error,
 * as for a header that is not there, does not hold. `undetermined`: an attribute, function or overload this tool does not have.
 * Source: envoy-2022 D7 (condition); recordings matchers-rbac-http, matchers-rbac-matcher.
 */
export function matchCel(expression: View, subject: CelSubject): Tri {
  const result = evaluate(expression, {subject, depth: 0})
  if (result.kind === 'unknown') return 'undetermined'
  return tri(result.kind === 'value' && result.value === true)
}

/** An xds.type.matcher.v3.CelMatcher; a source string and a checked expression of unknown form are undetermined. */
export function matchCelMatcher(matcher: View, subject: CelSubject): Tri {
  const forms = ['cel_expr_parsed', 'cel_expr_checked', 'parsed_expr', 'checked_expr']
  const expression = forms.map((form) => matcher.path('expr_match', form, 'expr')).find((found) => found !== undefined)
  return expression === undefined ? 'undetermined' : matchCel(expression, subject)
}

interface Environment {
  readonly subject: CelSubject
  readonly depth: number
}

function evaluate(expression: View, outer: Environment): CelResult {
  const environment = {...outer, depth: outer.depth + 1}
  if (environment.depth > MAX_NESTING) return unknown('a CEL expression nested too deeply')
  const constant = expression.get('const_expr')
  if (constant !== undefined) return constantOf(constant)
  const identifier = expression.get('ident_expr')
  if (identifier !== undefined) return rootOf(identifier.str('name') ?? '', environment.subject)
  const select = expression.get('select_expr')
  if (select !== undefined) return selected(select, environment)
  const list = expression.get('list_expr')
  if (list !== undefined) return withValues(list.list('elements'), {environment, then: known})
  const call = expression.get('call_expr')
  return call === undefined ? unknown('a CEL expression of unknown kind') : called(call, environment)
}

function constantOf(constant: View): CelResult {
  const text = constant.str('string_value')
  const flag = constant.bool('bool_value')
  const integer = constant.get('int64_value') ?? constant.get('uint64_value')
  const double = constant.num('double_value')
  if (text !== undefined) return known(text)
  if (flag !== undefined) return known(flag)
  if (integer !== undefined) return integerOf(integer)
  return double === undefined ? unknown('a CEL constant of unknown kind') : known(double)
}

/** Printed as text beyond 2^53, else as text or number. */
function integerOf({value}: View): CelResult {
  const whole = typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : toNumber(value)
  if (typeof whole === 'bigint') return known(whole)
  return whole !== undefined && Number.isSafeInteger(whole) ? known(BigInt(whole)) : unknown('a CEL integer')
}

/** `a.b`, or with test_only `has(a.b)`. */
function selected(select: View, environment: Environment): CelResult {
  const operand = select.get('operand')
  const from = operand === undefined ? unknown('a CEL selection without operand') : evaluate(operand, environment)
  if (from.kind !== 'value') return from
  if (!isMap(from.value)) return unknown('a CEL selection from a scalar')
  const field = from.value.lookup(select.str('field') ?? '')
  return select.bool('test_only') === true && field.kind !== 'unknown' ? known(field.kind === 'value') : field
}

function called(call: View, environment: Environment): CelResult {
  const name = call.str('function') ?? ''
  const target = call.get('target')
  const args = [...(target === undefined ? [] : [target]), ...call.list('args')]
  if (name === '_&&_') return connective(args, {environment, decisive: false})
  if (name === '_||_') return connective(args, {environment, decisive: true})
  if (name === '_?_:_') return conditional(args, environment)
  return withValues(args, {environment, then: (values) => callFunction(name, values)})
}

/** One decisive operand is enough, whatever the other one is: CEL's `&&` and `||` absorb errors, and here what is unknown as well. */
function connective(args: readonly View[], {environment, decisive}: {environment: Environment; decisive: boolean}): CelResult {
  const results = args.map((arg) => evaluate(arg, environment))
  if (results.some((result) => result.kind === 'value' && result.value === decisive)) return known(decisive)
  const open = results.find(({kind}) => kind === 'unknown') ?? results.find(({kind}) => kind === 'error')
  return (
    open ??
    (results.every((result) => result.kind === 'value' && result.value === !decisive)
      ? known(!decisive)
      : unknown('CEL overload of && or ||'))
  )
}

function conditional([condition, then, otherwise]: readonly View[], environment: Environment): CelResult {
  if (condition === undefined || then === undefined || otherwise === undefined) return unknown('an incomplete CEL conditional')
  const decided = evaluate(condition, environment)
  if (decided.kind !== 'value') return decided
  return typeof decided.value === 'boolean' ? evaluate(decided.value ? then : otherwise, environment) : unknown('CEL overload of ?:')
}

/** Strict evaluation: the first argument that is no value is the result. */
function withValues(
  expressions: readonly View[],
  {environment, then}: {environment: Environment; then: (values: readonly CelValue[]) => CelResult},
): CelResult {
  const results = expressions.map((expression) => evaluate(expression, environment))
  const values = results.flatMap((result) => (result.kind === 'value' ? [result.value] : []))
  const failed = results.find(({kind}) => kind === 'unknown') ?? results.find(({kind}) => kind === 'error')
  return failed ?? then(values)
}
