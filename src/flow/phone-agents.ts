/**
 * The agents at the telephone that calls. FreeSWITCH has checked the password of that telephone; the caller id, which
 * anybody may write, does not count.
 */
import type { AgentThere, CallContext } from '../call/call-context.ts'
import type { Leg } from '../call/leg.ts'
import * as build from '../esl/api.ts'
import type { Ident } from '../esl/safe-text.ts'
import type { Json } from '../journal/entries.ts'
import { step } from '../journal/steps.ts'

export function agentsAtTelephone(leg: Leg, context: CallContext): Promise<readonly AgentThere[]> {
  return step<readonly AgentThere[]>(leg, {
    verb: 'agents',
    async run() {
      const conversation = await leg.driven()
      const read = async (name: string) => {
        const value = (await conversation.api(build.uuidGetvar(leg.uuid, name as Ident))).trim()
        return value === '_undef_' ? '' : value
      }
      const user = await read('sip_auth_username')
      return user === '' ? [] : context.agentsOf(user, await read('sip_auth_realm'))
    },
    save: agents => agents as unknown as Json,
    load: saved => saved as unknown as readonly AgentThere[],
  })
}
