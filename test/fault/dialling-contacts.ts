/**
 * The contacts of a simulated node with the world outside: statements to PostgreSQL and octets to and from FreeSWITCH.
 * Each is told before it takes effect, and may be the last one of the node. Used by dialling-lab.ts.
 */
import type { VirtualClock } from '#testing'
import type { Wire } from '../../src/esl/wire.ts'
import type { Queries, Sql, Transaction } from '../../src/store/sql.ts'
import { Statement } from '../../src/store/statement.ts'
import type { KillableProcess } from '../../src/testing/killable-process.ts'

/**
 * `asks`: a statement, or a transaction, is about to be sent. `answered`: PostgreSQL has done it, and the node does not
 * know yet; `value` is the answer. `says`: octets are about to be sent to FreeSWITCH. `hears`: octets of FreeSWITCH
 * are about to be read.
 */
export type Contact = { readonly node: string } & (
  | { readonly what: 'asks'; readonly text: string }
  | { readonly what: 'answered'; readonly text: string; readonly value: unknown }
  | { readonly what: 'says' | 'hears'; readonly octets: Buffer; readonly wire: CutWire }
)

/** What becomes of it: 'lost': the node has just ended. A number: so many of the octets are sent, and then it ends. */
export type Tell = (contact: Contact) => 'goes on' | 'lost' | number

/** A connection of a node to FreeSWITCH, in the hands of a test. */
export interface CutWire {
  /** Both ends lose it now; octets that are on their way are lost. */
  cut(): void
  /** FreeSWITCH reads these octets too, after all that were sent. */
  send(octets: Buffer): void
}

const NEVER = new Promise<never>(() => {})

/** Virtual time waits while PostgreSQL works. A process that is suspended sends its statement when it runs again. */
export function sqlOf(sql: Sql, node: string, life: KillableProcess, clock: VirtualClock, tell: Tell): Sql {
  const ask = <T>(text: string, act: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) =>
      life.run(() => {
        if (tell({ node, what: 'asks', text }) !== 'goes on') return
        clock.hold(act()).then(
          value => void (tell({ node, what: 'answered', text, value }) === 'goes on' && life.run(() => resolve(value))),
          (error: unknown) => life.run(() => reject(error as Error)),
        )
      }),
    )
  const part = (first: TemplateStringsArray, ...values: never[]) => {
    const made: unknown = (sql as unknown as (...words: unknown[]) => unknown)(first, ...values)
    if (!(made instanceof Statement)) return made
    let answer: Promise<unknown> | null = null
    const send = () =>
      (answer ??= ask(
        first.join('?'),
        () => new Promise((resolve, reject) => void Statement.prototype.then.call(made, resolve, reject)),
      ))
    return Object.assign(made, {
      // oxlint-disable-next-line unicorn/no-thenable -- as the statement itself: it is sent when it is awaited
      then: (done?: (value: unknown) => unknown, failed?: (error: unknown) => unknown) => send().then(done, failed),
      catch: (failed?: (error: unknown) => unknown) => send().catch(failed),
      finally: (act?: () => void) => send().finally(act),
    })
  }
  return Object.assign(part as unknown as Queries, {
    json: sql.json,
    begin: <T>(work: (tx: Transaction) => Promise<T>, how?: { readonly alone?: boolean }) =>
      ask('begin', () => sql.begin(work, how)),
    alone: () => NEVER,
    end: async () => {},
  })
}

export function tapped(wire: Wire, node: string, tell: Tell): Wire & CutWire {
  const tap: Wire & CutWire = {
    peer: wire.peer,
    write(written) {
      const octets = typeof written === 'string' ? Buffer.from(written, 'latin1') : written
      const fate = tell({ node, what: 'says', octets, wire: tap })
      if (fate === 'goes on') wire.write(octets)
      else if (typeof fate === 'number') wire.write(octets.subarray(0, fate))
    },
    end: () => wire.end(),
    destroy: error => wire.destroy(error),
    cut: () => wire.destroy(new Error('the test has cut the link')),
    send: octets => wire.write(octets),
    listen: ({ data, close }) =>
      wire.listen({
        data: octets => void (tell({ node, what: 'hears', octets, wire: tap }) === 'goes on' && data(octets)),
        close,
      }),
    pause: () => wire.pause(),
    resume: () => wire.resume(),
  }
  return tap
}
