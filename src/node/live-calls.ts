/** What operations do with live calls: node.ts gives it to them. */
import { SwitchError } from '../base/errors.ts'
import type { ClickToDial } from '../campaign/click-to-dial.ts'
import * as build from '../esl/api.ts'
import { ident, uuid as uuidOf } from '../esl/safe-text.ts'
import type { LiveCalls } from '../operations/operation.ts'
import type { Switchboard } from '../switch/switchboard.ts'

export interface LiveCallsParts {
  readonly switchboard: Switchboard
  dial(request: ClickToDial): Promise<{ uuid: string }>
}

export const liveCalls = ({ switchboard, dial }: LiveCallsParts): LiveCalls => ({
  dial,
  async hangUp(call, cause) {
    const leg = uuidOf(call)
    const one = await switchboard.holder(leg)
    if (!one) return false
    try {
      await one.commands.run(build.uuidKill(leg, ident(cause)))
    } catch (error) {
      // the call ended in this moment
      if (error instanceof SwitchError && error.code === 'SWITCH_REFUSED') return false
      throw error
    }
    return true
  },
})
