/**
 * The rows of the fault matrix on a real FreeSWITCH: each registers itself once, and survival.test.ts runs them one by
 * one.
 */
import type { Told } from '../../fault/matrix.ts'
import type { Rig } from './rig.ts'

/**
 * `tracked`: on a FreeSWITCH that stores its calls, so that `sofia recover` can restore them. `three nodes`: its
 * dialplan names a third one.
 */
export const SETUPS = ['two nodes', 'three nodes', 'tracked'] as const
export type Setup = (typeof SETUPS)[number]

export interface Row {
  readonly name: string
  readonly setup: Setup
  readonly run: (rig: Rig, told: Told) => Promise<void>
}

export const ROWS: Row[] = []

/**
 * People in each row, unless it sets another number: enough on a real FreeSWITCH, where each costs a thread and a tone.
 */
export const PEOPLE = 30

export function row(number: number, name: string, run: Row['run'], setup: Setup = 'two nodes'): void {
  ROWS.push({ name: `row ${number}: ${name}`, setup, run })
}
