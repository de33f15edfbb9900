import {afterEach, describe, expect, it, vi} from 'vitest'
import {ProgressBar, type BarTerminal} from '../../src/hooks/progress-bar.js'
import {renderProgress} from '../../src/render/progress-bar.js'
import {createTheme} from '../../src/render/theme.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

function terminal(columns: number, isTTY = true): BarTerminal & {readonly written: () => string} {
  let text = ''
  return {columns, isTTY, write: (more) => (text += more), written: () => text}
}

/** What a person sees on the last line. */
function seen(written: string): string {
  return written.split('\r\u001B[K').at(-1) ?? ''
}

describe('a progress bar', () => {
  const plain = createTheme(0)

  it('fills with what is done', () => {
    const at = (done: number): string => renderProgress({done, total: 48, text: 'pods.json'}, {theme: plain, width: 80})
    expect(at(0)).toBe('[........................]   0/48  pods.json')
    expect(at(12)).toBe('[######..................]  12/48  pods.json')
    expect(at(48)).toBe('[########################]  48/48  pods.json')
  })

  it.each([10, 34, 40, 80])('never takes all of %i columns', (width) => {
    const line = renderProgress({done: 3, total: 1000, text: `proxies/${'long'.repeat(40)}\u001B[2J`}, {theme: plain, width})
    expect(line.length).toBeLessThan(width)
    expect(line).not.toContain('\u001B')
  })

  it('is written over itself, and leaves no trace', () => {
    vi.stubEnv('CI', '')
    vi.stubEnv('TERM', 'xterm')
    const stream = terminal(60)
    const bar = ProgressBar.on(stream, ['--no-color'])
    bar?.draw('one', {done: 1, total: 2})
    bar?.draw('two', {done: 2, total: 2})
    expect(seen(stream.written())).toBe('[########################]  2/2  two')
    bar?.clear()
    bar?.clear()
    expect(seen(stream.written())).toBe('')
    expect(stream.written()).not.toContain('\n')
  })

  it.each([
    {where: 'a pipe', isTTY: false, env: {CI: '', TERM: 'xterm'}},
    {where: 'CI', isTTY: true, env: {CI: 'true', TERM: 'xterm'}},
    {where: 'a dumb terminal', isTTY: true, env: {CI: '', TERM: 'dumb'}},
  ])('is not drawn in $where', ({isTTY, env}) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    expect(ProgressBar.on(terminal(80, isTTY), [])).toBeUndefined()
  })
})
