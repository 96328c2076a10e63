/** The API command `originate`. Its answer comes when the call was answered or has failed. */
import { turnIds } from '../caller-ids.ts'
import { dial } from '../originate.ts'
import { integer } from '../encoding.ts'
import { words } from '../separate.ts'
import { transfer } from '../transfer.ts'
import { usage } from './answers.ts'
import type { Api } from './index.ts'

const SYNTAX =
  '<call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]'

/** Ring time in seconds when the command names none. */
const TIMEOUT = 60

export const originateApi: Record<string, Api> = {
  async originate(sim, argument) {
    const [dialString = '', extension, dialplan, context, name, number, timeout] = words(argument, 10).map(word =>
      /^undef$/i.test(word) ? undefined : word,
    )
    if (extension === undefined) return usage(SYNTAX)
    const { leg, cause } = await dial(sim, {
      dialString,
      timeout: timeout === undefined ? TIMEOUT : integer(timeout),
      ...(name === undefined ? {} : { callerIdName: name }),
      ...(number === undefined ? {} : { callerIdNumber: number }),
    })
    if (!leg) return `-ERR ${cause}\n`
    turnIds(leg)
    if (extension.startsWith('&') && extension.length > 1) {
      const [, application = '', data = ''] = /^&([^(]+)(?:\(([^)]*))?/.exec(extension) ?? []
      leg.originating = false
      leg.extension = [{ application, data }]
      leg.step = 0
      leg.setState('CS_EXECUTE')
    } else transfer(leg, extension, dialplan ?? 'XML', context ?? 'default')
    return `+OK ${leg.uuid}\n`
  },
}
