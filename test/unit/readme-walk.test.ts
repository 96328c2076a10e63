/**
 * README's "way of one call" and "way of one lead": what a stranger reads first must lead through files that are there
 * and belong together.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { importsOf } from '../house-rules.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
/**
 * From one file of the way to an earlier one: it imports that one, or is imported by it, or one file knows both (a part
 * that is passed in).
 */
const FARTHEST = 2

/** The files of a section, in the order in which they are named; '' when there is no such file. */
function walk(title: string): { name: string; path: string }[] {
  const section = README.slice(README.indexOf(`## ${title}`))
  const [, block = ''] = /```\n([\s\S]*?)```/.exec(section) ?? []
  const names = block.match(/(?<![\w@:/.-])[a-z][a-z-]*(\/[a-z-]+)+(\.ts|\.xml)?(?![\w/:])/g) ?? []
  return names.map(name => {
    const paths = [`src/${name}.ts`, name].filter(path => existsSync(join(ROOT, path)))
    return { name, path: paths[0] ?? '' }
  })
}

/** Who imports whom, in both directions. */
function neighbours(): ReadonlyMap<string, ReadonlySet<string>> {
  const next = new Map<string, Set<string>>()
  const add = (from: string, to: string) => next.set(from, (next.get(from) ?? new Set()).add(to))
  for (const folder of ['src', 'scripts'])
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      const path = `${folder}/${file}`
      if (!path.endsWith('.ts')) continue
      for (const { target } of importsOf({ path, text: readFileSync(join(ROOT, path), 'utf8') })) {
        add(path, normalize(target))
        add(normalize(target), path)
      }
    }
  return next
}

function distance(next: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): number {
  let edge = new Set([from])
  const seen = new Set([from])
  for (let steps = 0; edge.size > 0; steps++) {
    if (edge.has(to)) return steps
    edge = new Set([...edge].flatMap(path => [...(next.get(path) ?? [])]).filter(path => !seen.has(path)))
    for (const path of edge) seen.add(path)
  }
  return Infinity
}

for (const title of ['The way of one call', 'The way of one lead']) {
  test(`README: ${title.toLowerCase()} names files that are there, each once, and each belongs to one before it`, () => {
    const files = walk(title)
    assert.ok(files.length >= 10, 'the section names files')
    assert.deepEqual(
      files.filter(({ path }) => path === '').map(({ name }) => name),
      [],
      'there is no such file',
    )
    const names = files.map(({ name }) => name)
    assert.deepEqual(
      names.filter((name, at) => names.indexOf(name) !== at),
      [],
      'named twice',
    )
    const next = neighbours()
    const code = files.filter(({ path }) => dirname(path) !== 'dialplan')
    const strangers = code.flatMap(({ name, path }, at) => {
      const before = code.slice(0, at)
      const near = Math.min(...before.map(one => distance(next, path, one.path)))
      const isFlow = dirname(path) === 'scripts' // found by its folder, not imported
      return at === 0 || isFlow || near <= FARTHEST ? [] : [`${name}: ${near} imports from the nearest file before it`]
    })
    assert.deepEqual(strangers, [])
  })
}
