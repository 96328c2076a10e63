/** docs/openapi.json is what the HTTP API is, and each operation has one place in it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { describeApi, describePaths } from '../../src/desk/http/openapi.ts'
import { STATUS } from '../../src/desk/http/problems.ts'
import { routesOf } from '../../src/desk/http/routes.ts'
import { describeEvents } from '../../src/events/asyncapi.ts'
import { OPERATIONS } from '../../src/operations/all.ts'

test('the description of the HTTP API is what the operations say', () => {
  const page = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')
  const now = describeApi().split('\n')
  const other = page.split('\n').findIndex((line, at) => line !== now[at])
  assert.ok(page === now.join('\n'), `docs/openapi.json differs from line ${other + 1} on: \`make openapi\` writes it`)
})

test('the description of the events for programs is what the catalogue says, and each of its references leads somewhere', () => {
  const page = readFileSync(new URL('../../docs/asyncapi.json', import.meta.url), 'utf8')
  assert.ok(page === describeEvents(), '`make pages` writes docs/asyncapi.json')
  const described = JSON.parse(page) as Record<string, unknown>
  for (const [, reference] of page.matchAll(/"\$ref": "#\/([^"]+)"/g)) {
    let at: unknown = described
    for (const part of reference!.split('/')) at = (at as Record<string, unknown> | undefined)?.[part]
    assert.ok(at, reference)
  }
})

test('the page for people has every path, and explains every code', () => {
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
  assert.ok(page.endsWith(describePaths()), '`make pages` writes the end of docs/api.md')
  const rows = page.split('\n').filter(line => /^\| `[A-Z_`, ]+ \| \d+ \|/.test(line))
  const told = rows.flatMap(row => {
    const [, codes = '', status] = row.split('|')
    return [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => `${code} ${status!.trim()}`)
  })
  assert.deepEqual(
    told.sort(),
    Object.entries(STATUS)
      .map(([code, [status]]) => `${code} ${status}`)
      .sort(),
  )
})

test('every operation that may come over HTTP has a path and a method of its own, and each field one place', () => {
  const routes = routesOf(OPERATIONS)
  const served = OPERATIONS.filter(({ doors }) => doors?.includes('http') ?? true)
  assert.deepEqual(
    [...new Set(routes.map(({ operation }) => operation.name))].sort(),
    served.map(({ name }) => name).sort(),
  )
  const places = routes.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`)
  assert.equal(new Set(places).size, places.length, 'two operations would be the same request')
  for (const { operation, inPath, path, method } of routes) {
    for (const field of inPath)
      assert.ok(field in operation.input.shape, `${path}: ${operation.name} has no field ${field}`)
    assert.equal(method === 'get', !operation.changes, `${operation.name}: only what changes nothing is a GET`)
  }
})

test('what is in the description can be followed: each reference leads somewhere, and each name in a path is explained', () => {
  const api = JSON.parse(describeApi()) as {
    components: Record<string, Record<string, unknown>>
    paths: Record<string, Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>>
  }
  for (const [, reference] of JSON.stringify(api).matchAll(/"\$ref":"([^"]+)"/g)) {
    const [, , group, name] = reference!.split('/')
    assert.ok(api.components[group!]?.[name!], reference)
  }
  for (const [path, methods] of Object.entries(api.paths))
    for (const { operationId, parameters = [] } of Object.values(methods))
      assert.deepEqual(
        parameters.filter(one => one.in === 'path').map(({ name }) => name),
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        operationId,
      )
})

test('what a node answers by a job comes through whole: it has no moment, which JSON would make a text', () => {
  for (const { name, output } of OPERATIONS.filter(({ needs }) => needs === 'node'))
    z.toJSONSchema(output, {
      unrepresentable: 'any',
      override: ({ zodSchema }) => assert.notEqual(zodSchema._zod.def.type, 'date', name),
    })
})
