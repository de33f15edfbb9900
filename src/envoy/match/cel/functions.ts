import {compilePattern} from '../regex.js'
import {ERROR, isList, isMap, known, unknown, type CelResult, type CelValue} from './value.js'

type CelFunction = (args: readonly CelValue[]) => CelResult

/** Calls a strict function, whose arguments are all known. A function or an overload this tool does not have is unknown. */
export function callFunction(name: string, args: readonly CelValue[]): CelResult {
  return FUNCTIONS.get(name)?.(args) ?? unknown(`CEL function ${name}`)
}

const FUNCTIONS: ReadonlyMap<string, CelFunction> = new Map<string, CelFunction>([
  ['_==_', equality((same) => same)],
  ['_!=_', equality((same) => !same)],
  ['_<_', comparison((order) => order < 0)],
  ['_<=_', comparison((order) => order <= 0)],
  ['_>_', comparison((order) => order > 0)],
  ['_>=_', comparison((order) => order >= 0)],
  ['!_', ([value]) => (typeof value === 'boolean' ? known(!value) : mismatch('!'))],
  ['_[_]', index],
  ['@in', membership],
  ['_in_', membership],
  ['in', membership],
  ['_+_', concatenation],
  ['size', size],
  ['startsWith', onTexts((text, part) => text.startsWith(part))],
  ['endsWith', onTexts((text, part) => text.endsWith(part))],
  ['contains', onTexts((text, part) => text.includes(part))],
  ['matches', matches],
])

function mismatch(name: string): CelResult {
  return unknown(`CEL overload of ${name}`)
}

function equality(decide: (same: boolean) => boolean): CelFunction {
  return ([left, right]) => (comparable(left, right) ? known(decide(left === right)) : mismatch('=='))
}

function comparison(decide: (order: number) => boolean): CelFunction {
  return ([left, right]) => {
    if (!comparable(left, right) || left === null || right === null || left === undefined || right === undefined) return mismatch('<')
    return known(decide(left < right ? -1 : left > right ? 1 : 0))
  }
}

/** Values of one scalar type. */
function comparable(left: CelValue | undefined, right: CelValue | undefined): boolean {
  return typeof left === typeof right && (typeof left !== 'object' || (left === null && right === null)) && left !== undefined
}

/** A key that is not there is an error. */
function index([container, key]: readonly CelValue[]): CelResult {
  if (container !== undefined && isMap(container)) return typeof key === 'string' ? container.lookup(key) : mismatch('[]')
  if (container === undefined || !isList(container) || typeof key !== 'bigint') return mismatch('[]')
  const item = container[Number(key)]
  return item === undefined ? ERROR : known(item)
}

function membership([member, container]: readonly CelValue[]): CelResult {
  if (container === undefined || member === undefined) return mismatch('in')
  if (isList(container)) return known(container.includes(member))
  if (!isMap(container) || typeof member !== 'string') return mismatch('in')
  const found = container.lookup(member)
  return found.kind === 'unknown' ? found : known(found.kind === 'value')
}

function concatenation([left, right]: readonly CelValue[]): CelResult {
  if (typeof left === 'string' && typeof right === 'string') return known(left + right)
  return typeof left === 'bigint' && typeof right === 'bigint' ? known(left + right) : mismatch('+')
}

function size([value]: readonly CelValue[]): CelResult {
  if (typeof value === 'string') return known(BigInt(Array.from(value).length))
  return value !== undefined && isList(value) ? known(BigInt(value.length)) : mismatch('size')
}

function onTexts(decide: (text: string, part: string) => boolean): CelFunction {
  return ([text, part]) => (typeof text === 'string' && typeof part === 'string' ? known(decide(text, part)) : mismatch('a text function'))
}

/** RE2, anywhere in the text. */
function matches([text, pattern]: readonly CelValue[]): CelResult {
  if (typeof text !== 'string' || typeof pattern !== 'string') return mismatch('matches')
  const regex = compilePattern(pattern)
  return regex === undefined ? ERROR : known(regex.test(text))
}
