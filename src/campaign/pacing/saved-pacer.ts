/**
 * A pacer by its mode, and its stored record: what predictive has learned survives a restart and goes to the next owner
 * of the campaign, so no campaign starts cold twice. The other modes remember nothing.
 */
import { silentLog, type Log } from '../../base/log.ts'
import { RecordCodec } from '../../store/record-codec.ts'
import type { Pacer } from './pacer.ts'
import { Predictive, predictiveRecord, type PredictiveRecord } from './predictive.ts'
import { progressive } from './progressive.ts'
import { ratio } from './ratio.ts'

export type PacingMode =
  | { readonly mode: 'progressive' | 'predictive' }
  | { readonly mode: 'ratio'; readonly callsPerFreeAgent: number }

const codec = new RecordCodec<PredictiveRecord>({ what: 'pacer', schema: predictiveRecord })

/** What is to be kept of a pacer, as JSON with a version `v`; null: it remembers nothing. */
export const savedPacer = (pacer: Pacer): string | null =>
  pacer instanceof Predictive ? codec.write(pacer.save()) : null

/**
 * The pacer of a mode, as it was saved.
 *
 * @param saved What `savedPacer` returned, perhaps of another version. A record that this version cannot read is
 * reported to `log` once, and the pacer starts without it.
 * @param key Where the record is stored, for the log.
 */
export function pacerOf(mode: PacingMode, saved: string | null = null, key = 'pacer', log: Log = silentLog): Pacer {
  switch (mode.mode) {
    case 'progressive':
      return progressive
    case 'ratio':
      return ratio(mode.callsPerFreeAgent)
    case 'predictive': {
      const record = saved === null ? null : codec.read(saved, key, log)
      return new Predictive(record ?? undefined)
    }
  }
}
