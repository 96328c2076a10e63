/** Speaks digits or a number: a short form of play for prompts that are not sounds. */
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'
import { play } from './play.ts'
import { digits, number } from './prompts.ts'

/** Speaks a number as a whole, and a text digit by digit. */
export const say = (leg: Leg, playback: Playback, what: number | string): Promise<void> =>
  play(leg, playback, typeof what === 'number' ? number(what) : digits(what))
