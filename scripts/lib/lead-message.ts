// A person hears the message of the campaign. A key ends it: one for somebody to talk to, where that is offered, and
// one that opts out.
import type { FlowCall, Lead } from '#flow'

/** 'wants': key 1, where `asks` offers it. 'stop': the person never wants to be called again, and that is stored. */
export async function leadMessage(
  call: FlowCall,
  lead: Lead,
  { asks }: { readonly asks: boolean },
): Promise<'heard' | 'wants' | 'stop'> {
  const { message, optOutKey } = lead.settings
  const choices = { ...(asks && { 1: 'wants' }), [optOutKey]: 'stop' } as const
  const choice = await call.menu(message, choices, { tries: asks ? 2 : 1, timeout: '4s' })
  if (choice === 'stop') await lead.optOut()
  return choice === 'wants' || choice === 'stop' ? choice : 'heard'
}
