/** Why a campaign dials no more leads now, in words: for `campaign status` and the status lines. */

const WHY: Readonly<Record<string, string>> = {
  'no-agents': 'no agent of the queue is on the line and ready',
  agents: 'each free agent has a call under way',
  previews: 'each free agent looks at a lead, or has a call under way',
  ratio: 'as many calls are under way as the ratio allows',
  risk: 'the next person might find no agent',
  budget: 'too many people were abandoned, so there is one call for each free agent',
  'no-leads': 'no lead may be called now; `switchhook lead why` tells about a single one',
  leads: 'no more leads may be called now',
  lines: 'all lines are in use',
  cps: 'as many calls were started in the last second as are allowed',
  'backing-off': 'FreeSWITCH refused calls a moment ago',
  'switch-down': 'the FreeSWITCH cannot be reached',
}

/** @param why A word of campaign/dial-limits.ts; one of another version of Switchhook stays as it is. */
export const whyNoMore = (why: string): string => WHY[why] ?? why
