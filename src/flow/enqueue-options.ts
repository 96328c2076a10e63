/**
 * The options of call.enqueue(): those of the queue's settings that are about waiting, for this caller alone, and the
 * caller's priority. A flow writes them as a supervisor does (durations with their unit), typed. They are not stored:
 * the flow gives them again when another node takes the call over.
 */
import { z } from 'zod'
import { parseNeeds, type SkillNeed } from '../agent/skills.ts'
import type { Duration } from '../base/duration.ts'
import { duration, parsed, readInput, whole } from '../base/parsed.ts'
import { givenIn, inputFields, type Given } from '../base/settings.ts'
import { WAITING_SETTINGS, type WaitingGiven } from '../queue/waiting-settings.ts'
import type { FlowPlace } from './queue-place.ts'

type All = typeof WAITING_SETTINGS
type OptionName<K> = K extends `${infer Name}Ms` ? Name : K
/** The value as an author writes it. */
type Written<K, V> = K extends `${string}Ms` ? Duration : V extends number | boolean | string ? V : string
type WaitingOptions = {
  readonly [K in keyof All as OptionName<K>]?: Written<K, NonNullable<Given<All>[K]>>
}

/**
 * @example
 * const vip = await call.once('crm', () => isVip(call.from))
 * await using place = await call.enqueue('support', { priority: vip ? 5 : 0, maxWait: '10m', whenMaxWait: 'callback' })
 */
export interface EnqueueOptions extends WaitingOptions {
  /** -9 to 9: callers of a higher priority are served first. Default: that of the list of numbers, else 0. */
  readonly priority?: number
  /** The skills that this caller needs, instead of those of the queue: 'german:3' or 'billing?,vip/45s'. */
  readonly skills?: string
  /** The caller counts as having joined so much earlier: mod_callcenter's cc_base_score. */
  readonly headStart?: Duration
  /**
   * The place in the queue before, which the caller has left: the caller keeps the time that was waited there, unless
   * the setting overflowKeepsTime of that queue says no.
   */
  readonly after?: FlowPlace | undefined
  /**
   * The caller was promised this place (a callback): no rule of the queue refuses the caller or sends the caller away,
   * and no welcome is heard.
   */
  readonly promised?: boolean
}

const fields = z.strictObject({
  ...inputFields(WAITING_SETTINGS),
  priority: whole(-9, 9).optional(),
  skills: parsed(parseNeeds).optional(),
  headStart: duration('0s', '1d').optional(),
})

export interface Asked {
  /** Absent: no rule of the queue concerns the caller. */
  readonly given: WaitingGiven | undefined
  readonly priority: number | undefined
  readonly needs: readonly SkillNeed[] | undefined
  readonly headStartMs: number
  /** The time that the caller keeps of the queue before. */
  readonly keptMs: number
}

/** Throws FieldFaults (BAD_INPUT) for an option that cannot be used. */
export function readOptions({ after, promised = false, ...options }: EnqueueOptions): Asked {
  const { priority, skills: needs, headStart, ...input } = readInput(fields, options)
  const given = promised ? undefined : givenIn(WAITING_SETTINGS, input)
  return { given, priority, needs, headStartMs: headStart ?? 0, keptMs: after?.keptTime ?? 0 }
}
