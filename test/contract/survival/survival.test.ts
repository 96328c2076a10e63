/**
 * Calls that outlive the process, on a real FreeSWITCH: nodes are processes that are killed, suspended and drained,
 * FreeSWITCH itself is killed, and the people outside live in a second one. Run by `make contract`, where `freeswitch`
 * is on the PATH (or FREESWITCH_BIN names it).
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Told } from '../../fault/matrix.ts'
import { findFreeSwitch } from '../switch/freeswitch.ts'
import { Rig } from './rig.ts'
import { ROWS, SETUPS } from './rows.ts'
import './rows-door.ts'
import './rows-waiting.ts'
import './rows-talking.ts'
import './rows-talk-states.ts'
import './rows-drain.ts'
import './rows-switch.ts'
import './rows-overload.ts'

const asked = process.env['REAL_SWITCH'] === 'yes'
const program = asked ? await findFreeSwitch() : null
const skip = program
  ? false
  : asked
    ? 'no freeswitch on the PATH and no FREESWITCH_BIN'
    : 'only `make contract` asks a real FreeSWITCH'

for (const setup of SETUPS) {
  describe(`a real FreeSWITCH, ${setup}`, () => {
    let open: Promise<Rig> | undefined
    after(async () => (await open)?.close())
    for (const { name, run } of ROWS.filter(one => one.setup === setup)) {
      test(name, { skip, timeout: 120_000 }, async t => {
        const rig = await (open ??= Rig.open(program!, setup))
        const told = new Told()
        await rig.fresh()
        try {
          await run(rig, told)
        } catch (error) {
          t.diagnostic(rig.story())
          throw error
        } finally {
          t.diagnostic(told.figures.join(', '))
        }
        if (told.missed.length > 0) t.diagnostic(rig.story())
        assert.deepEqual(told.missed, [])
      })
    }
  })
}
