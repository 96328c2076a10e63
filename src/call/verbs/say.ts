/** Speaks digits or a number; a short form of play for things that are no sounds. */
import type { Leg } from '../leg.ts'
import type { Stage } from '../stage.ts'
import { digits, number, play } from './play.ts'

/** A number is pronounced, a string is read digit by digit. */
export const say = (leg: Leg, stage: Stage, what: number | string): Promise<void> => play(leg, stage, typeof what === 'number' ? number(what) : digits(what))
