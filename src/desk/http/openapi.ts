/**
 * The description of the HTTP API for programs: OpenAPI 3.1, whose schemas are those of the operations (zod writes JSON
 * Schema 2020-12, which OpenAPI 3.1 takes as it is). docs/openapi.json is this text; a test compares the two.
 */
import { z } from 'zod'
import { OPERATIONS } from '../../operations/all.ts'
import type { Operation } from '../../operations/operation.ts'
import { takesKey } from './idempotency.ts'
import { takesQuery } from './input.ts'
import { statusOf } from './problems.ts'
import { routesOf, type Route } from './routes.ts'

type Json = Readonly<Record<string, unknown>>
interface ObjectSchema extends Json {
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
}

/** The text of docs/openapi.json, also served at /openapi.json. */
export function describeApi(): string {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routesOf(OPERATIONS)) (paths[route.path] ??= {})[route.method] = describeRoute(route)
  const api = {
    openapi: '3.1.0',
    info: {
      title: 'Switchhook',
      version: 'v1',
      description:
        'Every operation of Switchhook over HTTP. docs/api.md explains keys, pages, failures and repetitions.',
    },
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: '`switchhook key add <name>` makes a key' },
      },
      schemas: { Problem: PROBLEM },
      responses: {
        Problem: {
          description: 'It was not done',
          content: { 'application/problem+json': { schema: ref('schemas/Problem') } },
        },
      },
    },
  }
  return linesOf(api)
}

/** Each operation on a line of its own: a diff shows which ones have changed. */
function linesOf({ paths, ...api }: Json & { readonly paths: Readonly<Record<string, Json>> }): string {
  const operations = Object.entries(paths).map(([path, methods]) => {
    const lines = Object.entries(methods).map(([method, one]) => `${JSON.stringify(method)}: ${JSON.stringify(one)}`)
    return `${JSON.stringify(path)}: {\n${lines.join(',\n')}\n}`
  })
  return `${JSON.stringify(api).slice(0, -1)},\n"paths": {\n${operations.join(',\n')}\n}}\n`
}

const ref = (name: string): Json => ({ $ref: `#/components/${name}` })

const PROBLEM: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string', description: 'urn:switchhook:problem: and the code' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'stays the same' },
    detail: { type: 'string', description: 'what was wrong, where, and what is allowed' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } },
    },
    requestId: { type: 'string', description: 'of a fault of Switchhook: stands in the log of the node, too' },
  },
}

function describeRoute(route: Route): Json {
  const { operation, inPath, method, names, fixed } = route
  const schema = inputSchema(operation)
  const here = (name: string) => names[name] ?? name
  const required = (schema.required ?? []).map(here)
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).flatMap(([name, one]) => (name in fixed ? [] : [[here(name), one]])),
  )
  const parameter = (name: string, where: string) => {
    const { description, ...type } = properties[name] ?? {}
    const isRequired = where === 'path' || required.includes(name)
    return { name, in: where, required: isRequired, ...(description !== undefined && { description }), schema: type }
  }
  const others = Object.keys(properties).filter(name => !inPath.includes(name))
  const inQuery = takesQuery(method) ? others : []
  const inBody = takesQuery(method) ? [] : others
  const parameters = [
    ...inPath.map(name => parameter(name, 'path')),
    ...inQuery.map(name => parameter(name, 'query')),
    ...(takesKey(operation) ? [idempotencyKey(operation)] : []),
    ...(method === 'patch' ? [IF_MATCH] : []),
  ]
  return {
    operationId: Object.keys(names).length > 0 ? route.path.slice('/v1/'.length) : operation.name,
    summary: operation.summary,
    tags: [operation.name.split('.')[0]],
    'x-role': operation.role,
    ...(parameters.length > 0 && { parameters }),
    ...(inBody.length > 0 && {
      requestBody: {
        required: inBody.some(name => required.includes(name)),
        content: { 'application/json': { schema: bodySchema(properties, required, inBody) } },
      },
    }),
    responses: responsesOf(route),
  }
}

const IF_MATCH: Json = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description: 'the ETag with which the thing was read; when it has another one now, nothing is changed',
  schema: { type: 'string' },
}

const idempotencyKey = ({ mustBeOnce = false }: Operation): Json => ({
  name: 'Idempotency-Key',
  in: 'header',
  required: mustBeOnce,
  description: 'of your choice; a request that is sent again with it is done once',
  schema: { type: 'string', maxLength: 128 },
})

const bodySchema = (
  properties: Readonly<Record<string, Json>>,
  required: readonly string[],
  names: readonly string[],
): Json => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(names.map(name => [name, properties[name]])),
  ...(names.some(name => required.includes(name)) && { required: names.filter(name => required.includes(name)) }),
})

function responsesOf({ operation, status: done }: Route): Json {
  const problems = [
    ...new Set([401, 429, statusOf('BAD_INPUT'), statusOf('FORBIDDEN'), ...operation.refusals.map(statusOf)]),
  ]
  return {
    [done]:
      done === 204
        ? { description: 'It is done' }
        : { description: 'It is done', content: { 'application/json': { schema: outputSchema(operation) } } },
    ...Object.fromEntries(problems.toSorted((a, b) => a - b).map(status => [status, ref('responses/Problem')])),
    default: ref('responses/Problem'),
  }
}

const inputSchema = ({ input }: Operation): ObjectSchema =>
  bare(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any', override: plain })) as ObjectSchema

/** Lists are pages. */
function outputSchema({ output, cursor }: Operation): Json {
  const schema = bare(z.toJSONSchema(output, { io: 'output', unrepresentable: 'any', override: dates }))
  if (schema['type'] !== 'array') return schema
  const next =
    cursor === undefined
      ? { type: 'null' }
      : { type: ['string', 'number', 'null'], description: 'the parameter `after` of the next page' }
  return { type: 'object', required: ['data', 'next'], properties: { data: schema, next } }
}

const bare = (schema: Json): Json => Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema'))

/** What the command line alone uses. */
function plain({ jsonSchema }: { readonly jsonSchema: object }): void {
  const schema = jsonSchema as Record<string, unknown>
  delete schema['placeholder']
  delete schema['setting']
}

/** A date is written as RFC 3339. */
function dates({ zodSchema, jsonSchema }: { readonly zodSchema: z.core.$ZodTypes; readonly jsonSchema: object }): void {
  if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
}

/** The table at the end of docs/api.md. */
export function describePaths(): string {
  const rows = routesOf(OPERATIONS).map(({ method, path, operation: { name, summary, role } }) => {
    const cells = [`\`${method.toUpperCase()} ${path}\``, `\`${name}\``, summary, role]
    return `| ${cells.join(' | ')} |\n`
  })
  return `| request | operation | what it does | role |\n| --- | --- | --- | --- |\n${rows.join('')}`
}
