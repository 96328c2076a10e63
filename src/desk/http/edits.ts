/**
 * Two people who change one thing: the header ETag tells which version of it a client has read, and If-Match that a
 * change is meant for that version alone (RFC 9110, 8.8.3 and 13.1.1).
 */
import { createHash } from 'node:crypto'
import type { Operation } from '../../operations/operation.ts'
import { DoorError } from './problems.ts'
import type { Route } from './routes.ts'

type Input = Readonly<Record<string, unknown>>

/** The thing that an operation would change, as its audit row shows it; null when there is none. */
export type ReadThing = (operation: Operation, input: Input) => Promise<unknown>

/** Changes without anybody's edit: whether an agent is ready, how far a campaign is. */
const LIVE = new Set(['status', 'reason', 'state'])

export class Edits {
  readonly #thing: ReadThing
  readonly #editors: ReadonlyMap<string, Operation>
  /** By the thing: the last edit of it under way in this process. */
  readonly #underWay = new Map<string, Promise<unknown>>()

  constructor(routes: readonly Route[], thing: ReadThing) {
    this.#thing = thing
    this.#editors = new Map(routes.flatMap(one => (one.method === 'patch' ? [[one.path, one.operation]] : [])))
  }

  /** The version of the thing at this path; null when nobody can edit it, or there is none. */
  async versionOf({ path, method }: Route, input: Input): Promise<string | null> {
    const editor = this.#editors.get(path)
    if (!editor || method === 'delete') return null
    const thing = await this.#thing(editor, input)
    return thing === null || thing === undefined ? null : etag(thing)
  }

  /**
   * Does `work` when the thing has this version. Edits of one thing go one after the other in this process. Rejects
   * with DoorError CHANGED_MEANWHILE.
   */
  async ifVersion<T>(version: string, route: Route, input: Input, work: () => Promise<T>): Promise<T> {
    const thing = `${route.path} ${String(input[route.operation.positional[0] ?? ''])}`
    const before = this.#underWay.get(thing)
    const edit = (async () => {
      await before?.catch(() => {}) // it was answered to whoever asked for it
      const now = await this.versionOf(route, input)
      const fits = now !== null && version.split(',').some(one => [now, '*'].includes(one.trim()))
      if (!fits)
        throw new DoorError('CHANGED_MEANWHILE', `If-Match has ${version}; the present ETag is ${now ?? 'none'}`)
      return work()
    })()
    this.#underWay.set(thing, edit)
    try {
      return await edit
    } finally {
      if (this.#underWay.get(thing) === edit) this.#underWay.delete(thing)
    }
  }
}

function etag(thing: unknown): string {
  const settings = Object.entries(thing as object).filter(([name]) => !LIVE.has(name))
  const hash = createHash('sha256').update(JSON.stringify(settings.toSorted(([a], [b]) => (a < b ? -1 : 1))))
  return `"${hash.digest('base64url').slice(0, 22)}"`
}
