/** Speaks digits or a number; a short form of play for things that are no sounds. */
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'
import { digits, number, play } from './play.ts'

/** A number is pronounced, a string is read digit by digit. */
export const build = (leg: Leg, playback: Playback, what: number | string): Promise<void> =>
  play(leg, playback, typeof what === 'number' ? number(what) : digits(what))
