import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import {describe, expect, it} from 'vitest'

const SOURCES = 'src'

interface Sized {
  readonly name: string
  readonly lines: number
}

/** The budgets of design §4. Blank lines and comments count. */
describe('size budgets of src', () => {
  const files = readdirSync(SOURCES, {recursive: true, encoding: 'utf8'})
    .filter((file) => file.endsWith('.ts'))
    .map((file) => parse(path.join(SOURCES, file)))
  const functions = files.flatMap(functionsOf)
  const sizes = files.map((file) => ({name: file.fileName, lines: lineCount(file)}))

  it('measures something', () => {
    expect(functions.length).toBeGreaterThan(100)
    expect(sizes.length).toBeGreaterThan(20)
  })

  it('keeps functions small', () => {
    expect(quantile(functions, 0.5)).toBeLessThanOrEqual(10)
    expect(quantile(functions, 0.95)).toBeLessThanOrEqual(40)
    expect(longerThan(functions, 60)).toEqual([])
  })

  it('keeps files small', () => {
    expect(quantile(sizes, 0.5)).toBeLessThanOrEqual(90)
    expect(quantile(sizes, 0.95)).toBeLessThanOrEqual(250)
    expect(longerThan(sizes, 350)).toEqual([])
  })
})

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true)
}

function lineCount(file: ts.SourceFile): number {
  return file.text.trimEnd().split('\n').length
}

/** Functions, methods and arrows that are bound to a name; callbacks belong to the function around them. */
function functionsOf(file: ts.SourceFile): readonly Sized[] {
  const found: Sized[] = []
  const visit = (node: ts.Node): void => {
    const name = nameOf(node)
    if (name !== undefined) found.push({name: `${file.fileName} ${name}`, lines: linesOf(node, file)})
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isAccessor(node)) return node.name?.getText()
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return undefined
  return ts.isVariableDeclaration(node.parent) || ts.isPropertyDeclaration(node.parent) ? node.parent.name.getText() : undefined
}

function linesOf(node: ts.Node, file: ts.SourceFile): number {
  const first = file.getLineAndCharacterOfPosition(node.getStart(file)).line
  return file.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1
}

function quantile(sized: readonly Sized[], share: number): number {
  const sorted = sized.map(({lines}) => lines).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function longerThan(sized: readonly Sized[], limit: number): readonly Sized[] {
  return sized.filter(({lines}) => lines > limit)
}
