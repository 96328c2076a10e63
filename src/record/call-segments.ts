/**
 * The segments of a call: its intervals in queues, at ringing telephones, in talks and on hold, and the moments in
 * which it was transferred or not let into a queue, as one pure function of its timeline. The figures of queues and
 * agents are computed from them (store/queue-figures.ts, docs/figures.md).
 *
 * A talk is cut at its holds and consultations, so no two segments of one talk overlap, and together they are the time
 * between the bridge and its end. FreeSWITCH says when that was (call/leg-times.ts). Segments stand in the order in
 * which they began, and a later event only appends or completes: so number n of a call is the same segment whenever and
 * wherever it is written. Used by call-record.ts.
 */
import type { TimelineEvent } from '../events/timeline.ts'
import type { CallSegment } from '../store/call-segments.ts'

/** What is known of the call besides its timeline. */
export interface CallCourse {
  /** The agent for whom the call was dialled (click-to-dial): each of its talks is this agent's. */
  readonly agent: string | null
  /** The number of the person served; null: withheld. */
  readonly customer: string | null
  /** When the telephone of a call that Switchhook dialled rang, and was answered; null: the caller called. */
  readonly rang: { readonly since: number; readonly until: number } | null
}

/** How the call ended. `gaveUp`: the caller hung up; `isLost`: a crash, or nobody knows. */
export interface CallOver {
  readonly at: number
  readonly gaveUp: boolean
  readonly isLost: boolean
}

/** A talk is one of these at a time. */
const TALKS = ['talk', 'hold', 'consult'] as const
const isTalk = (kind: CallSegment['kind']): boolean => (TALKS as readonly string[]).includes(kind)

const talkWith = (talk: CallSegment | undefined): Partial<CallSegment> =>
  talk ? { leg: talk.leg, agent: talk.agent, queue: talk.queue } : {}

type Draft = { -readonly [K in keyof CallSegment]: CallSegment[K] }

/** `over`: null while the call lives; then a segment that goes on has no end. */
export function segmentsOf(
  timeline: readonly TimelineEvent[],
  { agent: own, customer, rang }: CallCourse,
  over: CallOver | null,
): readonly CallSegment[] {
  const all: Draft[] = []
  /** The queue that reserved each agent for this call last. */
  const queueOf = new Map<string, string>()
  const begin = (kind: CallSegment['kind'], since: number, of: Partial<CallSegment>): void => {
    all.push({
      kind,
      queue: null,
      agent: null,
      customer: null,
      leg: null,
      joined: null,
      ...of,
      since,
      until: null,
      how: null,
    })
  }
  const open = (kind: CallSegment['kind'], is: Partial<CallSegment> = {}): Draft[] =>
    all.filter(
      one =>
        one.until === null &&
        one.kind === kind &&
        (is.queue === undefined || one.queue === is.queue) &&
        (is.leg === undefined || one.leg === is.leg),
    )
  const end = (one: Draft | undefined, at: number, how: string): void => {
    if (one) [one.until, one.how] = [Math.max(at, one.since), how]
  }
  /** Something that lasts no time. */
  const happens = (kind: CallSegment['kind'], at: number, of: Partial<CallSegment>, how: string): void => {
    begin(kind, at, of)
    end(all.at(-1), at, how)
  }
  const endAll = (ones: readonly Draft[], at: number, how: string) => ones.forEach(one => end(one, at, how))
  const talkOf = (leg: string | null) => TALKS.flatMap(kind => open(kind, { leg })).at(-1)
  /** The talk goes on in another way. */
  const turns = (talk: Draft | undefined, at: number, how: string, next: CallSegment['kind']) => {
    end(talk, at, how)
    if (talk) begin(next, talk.until!, talkWith(talk))
  }

  if (rang) {
    begin('ring', rang.since, { agent: own })
    end(all[0], rang.until, 'answered')
  }
  for (const { at, event, queue = null, agent, leg = null, why, movedFrom, by } of timeline) {
    switch (event) {
      case 'queue.call.entered': {
        const [before] = movedFrom === undefined ? [] : open('wait', { queue: movedFrom })
        end(before, at, 'moved')
        if (open('wait', { queue }).length === 0) begin('wait', at, { queue, customer, joined: before?.joined ?? at })
        break
      }
      case 'queue.call.refused':
        happens('refused', at, { queue }, why ?? 'refused')
        break
      case 'queue.call.offered':
        if (agent !== undefined && queue !== null) queueOf.set(agent, queue)
        break
      case 'queue.call.left':
        endAll(open('wait', { queue }), at, why ?? 'left')
        break
      case 'queue.call.callback_requested':
        endAll(open('wait', { queue }), at, 'callback')
        break
      case 'call.transferred':
      case 'call.redirected':
        if (by !== undefined)
          happens('transfer', at, talkWith(all.findLast(one => isTalk(one.kind) && one.agent === by)), 'blind')
        endAll(open('wait'), at, 'transferred')
        break
      case 'call.party.dialled':
        begin('ring', at, { leg, agent: agent ?? null, queue: queueOf.get(agent ?? '') ?? null })
        break
      case 'call.party.answered':
        endAll(open('ring', { leg }), at, 'answered')
        break
      case 'call.party.missed':
        // also after an answer: the agent heard the whisper and declined
        end(
          all.findLast(one => one.kind === 'ring' && one.leg === leg),
          at,
          why ?? 'missed',
        )
        break
      case 'call.bridged': {
        if (talkOf(leg)) break
        endAll(open('ring', { leg }), at, 'answered')
        const from = queueOf.get(agent ?? '') ?? null
        for (const wait of open('wait')) {
          const isAnswered = from !== null && wait.queue === from
          if (isAnswered) wait.agent = agent!
          end(wait, at, isAnswered ? 'answered' : 'left')
        }
        const before = all.findLast(one => one.leg === leg && isTalk(one.kind))?.until ?? at
        begin('talk', Math.max(at, before), { leg, agent: agent ?? own, queue: from })
        break
      }
      case 'call.held':
        turns(open('talk', { leg })[0], at, 'held', 'hold')
        break
      case 'call.resumed':
        turns(open('hold', { leg })[0], at, 'resumed', 'talk')
        break
      case 'call.consultation.began':
        if (open('consult', { leg }).length === 0) turns(talkOf(leg), at, 'consulting', 'consult')
        break
      case 'call.consultation.ended':
        turns(open('consult', { leg })[0], at, 'resumed', 'talk')
        break
      case 'call.consultation.completed': {
        end(talkOf(leg), at, 'ended')
        happens('transfer', at, talkWith(all.findLast(one => isTalk(one.kind) && one.leg === leg)), 'attended')
        break
      }
      case 'call.unbridged':
        end(talkOf(leg), at, 'ended')
        break
    }
  }
  if (over) {
    endAll(open('wait'), over.at, over.gaveUp ? 'abandoned' : over.isLost ? 'lost' : 'left')
    endAll(open('ring'), over.at, 'caller-left')
    for (const kind of TALKS) endAll(open(kind), over.at, 'ended')
    // the agent answered, and the caller hung up before the two talked
    const talked = new Set(all.flatMap(one => (one.kind === 'talk' ? one.leg : [])))
    for (const ring of all)
      if (ring.kind === 'ring' && ring.queue !== null && ring.how === 'answered' && !talked.has(ring.leg))
        ring.how = 'caller-left'
  }
  return all
}
