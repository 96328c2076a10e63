/** Reads the input of an operation from a request: its path, its query and its body. Pure. */
import { FieldFaults, InputError } from '../../base/errors.ts'
import { valueOf, type Operation } from '../../operations/operation.ts'
import { DoorError } from './problems.ts'
import type { Route } from './routes.ts'

/** Octets of a body: ten thousand leads with 400 octets each, as by a job. */
export const LARGEST_BODY = 4 * 1024 * 1024
/** Objects within objects; the deepest input has three. */
const DEEPEST = 16

interface Given {
  /** By the names in the route. */
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Null: there is none. */
  readonly body: string | null
  readonly contentType: string | null
}

/** The input as the operation reads it: fields that it does not know are faults there. Throws InputError, DoorError. */
export function inputOf(route: Route, { path, query, body, contentType }: Given): Record<string, unknown> {
  const inQuery = takesQuery(route.method)
  if (!inQuery && [...query.keys()].length > 0)
    throw new InputError(`${route.path} has no parameters behind '?'; the fields are in the body`)
  const rest = inQuery ? fromQuery(route, query) : named(route, jsonOf(body, contentType))
  const twice = Object.keys(rest).filter(name => route.inPath.includes(name))
  if (twice.length > 0)
    throw new FieldFaults(twice.map(field => ({ field, message: 'is in the path; it cannot be given again' })))
  return { ...rest, ...path, ...route.fixed }
}

export const takesQuery = (method: Route['method']): boolean => method === 'get' || method === 'delete'

function fromQuery({ fields }: Route, query: URLSearchParams): Record<string, unknown> {
  const known = new Map(fields().map(field => [field.name, field]))
  const names = [...new Set(query.keys())]
  return Object.fromEntries(
    names.map(name => {
      const given = query.getAll(name)
      if (given.length > 1)
        throw new FieldFaults([
          { field: name, message: 'is given more than once; a list has commas between its parts' },
        ])
      return [name, valueOf(given[0]!, known.get(name) ?? {})]
    }),
  )
}

/** The object in a body; empty without one. Throws InputError, DoorError. */
export function jsonOf(body: string | null, contentType: string | null): Record<string, unknown> {
  if (body === null || body === '') return {}
  if (!/^application\/json(?:;|$)/i.test(contentType ?? ''))
    throw new DoorError(
      'NOT_JSON',
      `the body must have the content-type application/json, not ${contentType ?? 'none'}`,
    )
  if (depthOf(body) > DEEPEST) throw new InputError(`the body has more than ${DEEPEST} levels of objects and lists`)
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (error) {
    throw new InputError(`the body is no JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError('the body must be an object with the fields of the operation')
  return value as Record<string, unknown>
}

/** The fields by the names that the operation gives them. */
function named({ names, fixed }: Route, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const inner = new Map(Object.entries(names).map(([name, here]) => [here, name]))
  const wrong = Object.keys(given).filter(
    name => (Object.hasOwn(names, name) || Object.hasOwn(fixed, name)) && !inner.has(name),
  )
  if (wrong.length > 0) throw new FieldFaults(wrong.map(field => ({ field, message: 'is not a field of this path' })))
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [inner.get(name) ?? name, value]))
}

/** A failure with the names that the fields have in this path. */
export function renamed({ names }: Route, error: unknown): unknown {
  if (!(error instanceof FieldFaults)) return error
  const here = (field: string) => field.replace(/^\w+/, name => (Object.hasOwn(names, name) ? names[name]! : name))
  return new FieldFaults(error.faults.map(fault => ({ ...fault, field: here(fault.field) })))
}

/** How deep the brackets of a JSON text go, without reading it: a parser of a deep text could run out of stack. */
function depthOf(text: string): number {
  let [depth, deepest, inText] = [0, 0, false]
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]
    if (inText) {
      if (letter === '\\') i += 1
      else if (letter === '"') inText = false
    } else if (letter === '"') inText = true
    else if (letter === '{' || letter === '[') deepest = Math.max(deepest, ++depth)
    else if (letter === '}' || letter === ']') depth -= 1
  }
  return deepest
}

/** What is hashed for an Idempotency-Key, and the same for the same request. */
export const requestText = ({ name }: Operation, input: Readonly<Record<string, unknown>>): string =>
  JSON.stringify([name, sorted(input)])

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, one]) => [name, sorted(one)])
}
