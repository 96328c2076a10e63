/**
 * A leg that waits at the switch without any connection, so that no death of a process touches it: an agent on the line between two
 * talks. Any node may join it with a caller of the same switch, by its uuid; when the talk ends the switch parks it again.
 */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Uuid } from '../esl/safe-text.ts'
import { Leg } from './leg.ts'
import type { Switch } from '../switch/switchboard.ts'

export class ParkedLeg extends Leg {}

/** For one talk. It hears of the leg's end until it is given away: whoever asked for it does that when the talk is over. */
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
