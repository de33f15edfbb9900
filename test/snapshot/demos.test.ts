import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {findDemo, listDemos} from '../../src/snapshot/demos.js'
import {workspace} from './workspace.js'

describe('demos', () => {
  const list = {
    demos: [
      {name: 'bookinfo', path: '2022/bookinfo', about: 'sleep to productpage', first: 'ambientctl trace a b'},
      {name: 'other', path: 'x', about: 'y'},
    ],
  }

  it('are what demos.json lists, with paths relative to it', () => {
    const root = workspace({'demos.json': JSON.stringify(list)})
    expect(listDemos(root)).toEqual([
      {name: 'bookinfo', about: 'sleep to productpage', first: 'ambientctl trace a b', directory: join(root, '2022/bookinfo')},
      {name: 'other', about: 'y', directory: join(root, 'x')},
    ])
  })

  it('may be several clusters, the first of which stands for them', () => {
    const clusters = [
      {name: 'east', path: 'e'},
      {name: 'west', path: 'w'},
    ]
    const root = workspace({'demos.json': JSON.stringify({demos: [{name: 'both', about: 'z', clusters}]})})
    expect(listDemos(root)).toEqual([
      {
        name: 'both',
        about: 'z',
        directory: join(root, 'e'),
        clusters: [
          {name: 'east', directory: join(root, 'e')},
          {name: 'west', directory: join(root, 'w')},
        ],
      },
    ])
  })

  it('are found by name, and an unknown name lists them', () => {
    const demos = listDemos(workspace({'demos.json': JSON.stringify(list)}))
    expect(findDemo('other', demos).about).toBe('y')
    expect(() => findDemo('Other', demos)).toThrow(
      expect.objectContaining({message: 'There is no demo "Other".', expected: 'bookinfo, other'}),
    )
  })
})
