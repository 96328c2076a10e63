/**
 * The nailed-up leg of an agent between two talks: parked in FreeSWITCH without a connection, so that the death of a
 * process does not affect it. Any node may join it with a caller on the same FreeSWITCH, by its uuid; when the talk
 * ends, FreeSWITCH parks it again.
 */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Uuid } from '../esl/safe-text.ts'
import { Leg } from './leg.ts'
import type { Switch } from '../switch/switchboard.ts'

export class ParkedLeg extends Leg {}

/** For one talk. It receives the leg's end until it is given away; its user gives it away when the talk is over. */
export function parkedLeg(uuid: Uuid, home: Switch, { clock, log }: { clock: Clock; log: Log }): ParkedLeg {
  const arrival = {
    uuid,
    path: 'leg',
    from: '',
    fromName: '',
    to: '',
    direction: 'out',
    answered: true,
    core: home.facts.core,
    socketResume: false,
    key: '',
  } as const
  return new ParkedLeg({ arrival, home, clock, log, phase: 'talking' })
}
