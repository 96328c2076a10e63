/**
 * Click-to-dial: the agent's telephone rings first; when the agent answers, the flow click-to-dial calls the customer.
 * The call has its row from the beginning, so an unanswered call can be found by the customer's number and the CRM's
 * ids like any other.
 */
import { within, type Clock } from '../base/clock.ts'
import { SwitchError, SwitchhookError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Telephones } from '../call/call-context.ts'
import { originate, type Origination } from '../switch/originate.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'
import type { SwitchEvent } from '../esl/event.ts'
import { endpoint, newUuid, varValue, type Endpoint, type Ident, type Uuid, type VarValue } from '../esl/safe-text.ts'
import type { CallEnd, CallStart } from '../store/calls.ts'

/** The row of a call is written before it is dialled, unless the database takes longer than this. */
const ROW_MS = 500

export interface ClickToDial {
  readonly extension: string
  readonly customer: string
  /** Ids of the CRM, copied unchanged into the record of the call. */
  readonly crmuuid?: string | undefined
  readonly product_code?: string | undefined
  readonly call_type?: string | undefined
}

export interface ClickToDialParts {
  readonly switchboard: Switchboard
  readonly telephones: Telephones
  /** Both reject when the database is unavailable. */
  readonly rows: {
    open(call: Omit<CallStart, 'node'>): Promise<unknown>
    close(uuid: string, end: CallEnd): Promise<unknown>
  }
  /** How long the agent's telephone may ring, milliseconds. */
  readonly ringForMs: number
  readonly clock: Clock
  readonly log: Log
}

const FLOW = 'click-to-dial' as Ident

export class ClickToDialler {
  readonly #parts: ClickToDialParts
  #stop: () => void = () => {}
  readonly #stopped = new Promise<void>(resolve => (this.#stop = resolve))

  constructor(parts: ClickToDialParts) {
    this.#parts = parts
  }

  /** This node closes: `dial` no longer waits for a telephone. Ringing telephones ring on for the next node. */
  stop(): void {
    this.#stop()
  }

  /**
   * Resolves with the uuid of the agent's call when the telephone rings, or is answered without ringing, or this node
   * closes. Otherwise rejects with NOT_REACHED and FreeSWITCH's cause; the row of the call has the same cause.
   */
  async dial({ extension, ...request }: ClickToDial): Promise<{ uuid: Uuid }> {
    const { switchboard, telephones, rows, clock } = this.#parts
    const uuid = newUuid()
    const to = endpoint(`user/${extension}`)
    const agent = telephones.agentAt(to) ?? extension
    const { customer, ...ids } = request
    const crm = Object.fromEntries(Object.entries(ids).filter((id): id is [string, string] => id[1] !== undefined))
    const startedAt = clock.now()
    const call = {
      id: uuid,
      flow: FLOW,
      direction: 'outbound',
      from: extension,
      to: customer,
      core: null,
      startedAt,
      crm,
      customer,
      agent,
    } as const
    const written = this.#behind(uuid, rows.open(call))
    await within(clock, ROW_MS, written)
    const variables = new Map<Ident, VarValue>()
    for (const [name, value] of Object.entries({
      ...crm,
      customer,
      switchhook_customer: customer,
      switchhook_agent: agent,
    }))
      variables.set(name as Ident, varValue(value))
    let ringing: () => void = () => {}
    const rings = new Promise<void>(resolve => (ringing = resolve))
    const over = this.#place(() => switchboard.any(), { uuid, to, variables, rings: ringing })
    const reached = over.then(async ({ outcome, cause }) => {
      if (outcome === 'answered') return
      const now = clock.now()
      void written.then(() =>
        this.#behind(uuid, rows.close(uuid, { endedAt: now, hangupCause: cause, outcome, ringMs: now - startedAt })),
      )
      throw new SwitchhookError('NOT_REACHED', `extension ${extension} was not reached: ${outcome} (${cause})`)
    })
    await Promise.race([rings, reached, this.#stopped])
    reached.catch(() => {}) // it rang and `dial` no longer waits: the row has the outcome
    return { uuid }
  }

  /** Resolves at the end of the ringing. The agent is busy until the end of the call. */
  async #place(
    where: () => Switch,
    {
      uuid,
      to,
      variables,
      rings,
    }: { uuid: Uuid; to: Endpoint; variables: ReadonlyMap<Ident, VarValue>; rings(): void },
  ): Promise<Origination> {
    const { telephones, ringForMs, clock, log } = this.#parts
    try {
      const at = where()
      const telephone = telephones.occupy(to, uuid)
      const onProgress = (stage: string) => void (stage !== 'created' && rings())
      let talked = false
      const hear = ({ name }: SwitchEvent) => {
        if (name === 'CHANNEL_BRIDGE') talked = true
        else if (name === 'CHANNEL_HANGUP') over()
      }
      const watch = at.watch(uuid, hear, () => over())
      const over = () => {
        watch[Symbol.dispose]()
        telephone.over(talked)
      }
      const placed = await originate(at, {
        uuid,
        endpoint: to,
        flow: FLOW,
        ringForMs,
        variables,
        onProgress,
        clock,
        log,
      })
      log.info({ uuid, ...placed }, 'click-to-dial: calling the agent ended')
      if (placed.outcome !== 'answered') over()
      return placed
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error
      log.error({ uuid, error: error.message }, 'click-to-dial: calling the agent failed')
      return { outcome: 'refused', cause: error.message }
    }
  }

  /** A failed write of the row is logged, and the call continues. */
  async #behind(uuid: Uuid, writing: Promise<unknown>): Promise<void> {
    try {
      await writing
    } catch (error) {
      this.#parts.log.error(
        { uuid, error: (error as Error).message },
        'click-to-dial: writing the call row failed; the call continues',
      )
    }
  }
}
