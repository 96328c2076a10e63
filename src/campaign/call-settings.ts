/**
 * What a supervisor decides about the calls of a campaign, from the answer on, and before the call in the mode preview
 * (preview.ts): each setting once, with its range, its default and its source. The store, the operations and their
 * --help follow from the list. Flows read them as `lead.settings` (flow/lead.ts). docs/campaign-flows.md explains each.
 */
import { z } from 'zod'
import { said, type Duration } from '../base/duration.ts'
import { InputError } from '../base/errors.ts'
import { choice, duration, readSettings, settingIn, text, yesOrNo, type Given, type Setting } from '../base/settings.ts'
import { areBeeps, MOST_BEEPS, USUAL_BEEPS } from '../call/verbs/beep.ts'
import { extension, soundName } from '../esl/safe-text.ts'
import { PREVIEW_SETTINGS } from './preview.ts'

/** What the agent hears when a lead is joined: nothing, a sound, or what the named column of the lead holds. */
export type Whisper = { readonly sound: string } | { readonly field: string } | null

/** 0: the setting of the installation, whose name stands in --help. */
const threshold = (setting: string, range: readonly [Duration, Duration], description: string): Setting<number> => ({
  ...duration(0, range, description),
  say: value => (value === 0 ? setting : said(value)),
})

const sound = (standard: string, description: string): Setting<string> =>
  text<string>({
    standard,
    stored: z.string(),
    parse: name => soundName(name),
    say: String,
    placeholder: '<sound>',
    description,
  })

/** Key 1 means something else in campaign-press-1. */
const KEYS = ['2', '3', '4', '5', '6', '7', '8', '9', '0', '*'] as const

export const CALL_SETTINGS = {
  detectInitialSilenceMs: threshold(
    'AMD_MAX_SILENCE',
    ['500ms', '10s'],
    'detection: so much silence after the answer means that nobody speaks',
  ),
  detectGreetingMs: threshold('AMD_GREETING', ['500ms', '10s'], 'detection: a longer greeting is that of a machine'),
  // above 1.5 s hardly any time is left of the two seconds in which an agent must speak (16 CFR 310.4(b)(4))
  detectAfterGreetingMs: threshold(
    'AMD_AFTER_GREETING',
    ['200ms', '1500ms'],
    'detection: so much silence after a short greeting means a person; the legal 2 s count from its beginning',
  ),
  agentBeep: yesOrNo(true, 'the agent hears a short beep when a lead is joined; the lead does not hear it'),
  whisper: text<Whisper>({
    standard: null,
    stored: z.union([z.object({ sound: z.string() }), z.object({ field: z.string() }), z.null()]),
    parse: parseWhisper,
    say: sayWhisper,
    placeholder: '<none|sound:NAME|field:NAME>',
    description:
      'what the agent hears in the first second of a talk, besides the lead: none, a sound, or the sound or digits in a column of the list',
  }),
  safeHarbour: sound(
    'campaign/safe-harbour',
    'what a person hears when no agent comes in time: your name, your number and how to opt out',
  ),
  optOutKey: choice('9', KEYS, 'the key with which a person asks never to be called again, in every message'),
  message: sound('campaign/message', 'what a person hears in campaign-message and campaign-press-1'),
  pressOneTo: text<string>({
    standard: '',
    stored: z.string(),
    parse: to => (to === '' ? '' : extension(to)),
    say: String,
    placeholder: '<extension>',
    description: "where key 1 of campaign-press-1 leads: an extension of FreeSWITCH's dialplan; default: to the queue",
  }),
  voicemailMessage: sound('campaign/voicemail', 'what voicemail-drop leaves after the greeting of a machine'),
  voicemailPerson: choice('message', ['message', 'agent'], 'what a person gets who answers a call of voicemail-drop'),
  voicemailWithinMs: duration(
    40_000,
    ['5s', '2m'],
    'how long voicemail-drop waits for the end of the greeting of a machine; then it hangs up',
  ),
  beepTones: text<readonly number[]>({
    standard: USUAL_BEEPS,
    stored: z.array(z.number()),
    parse: parseTones,
    say: tones => tones.join(','),
    placeholder: '<hertz,…>',
    description: 'the beeps that end the greeting of a machine, in Hz: 1000,1400',
  }),
  serveFirst: choice(
    'leads',
    ['leads', 'callers'],
    'who gets a free agent first, when a lead and a caller of the queue wait',
  ),
  ...PREVIEW_SETTINGS,
} as const

function parseWhisper(given: string): Whisper {
  if (given === 'none') return null
  const [, kind, name = ''] = /^(sound|field):(.+)$/.exec(given) ?? []
  if (kind === 'sound') return { sound: soundName(name) }
  if (kind === 'field' && name.length <= 64) return { field: name }
  throw new InputError(`'${given}' cannot be whispered; allowed: none, sound:campaign/new-lead, field:product`)
}

function sayWhisper(whisper: Whisper): string {
  if (whisper === null) return 'none'
  return 'sound' in whisper ? `sound:${whisper.sound}` : `field:${whisper.field}`
}

function parseTones(given: string): readonly number[] {
  const tones = given.split(',').map(Number)
  if (!areBeeps(tones) || !tones.every(Number.isInteger))
    throw new InputError(`'${given}' cannot be heard; allowed: 1 to ${MOST_BEEPS} tones of 300 to 3000 Hz (1000,1400)`)
  return tones
}

/** Only the settings that were given; `callSetting` knows the others. */
export type CallSettings = Given<typeof CALL_SETTINGS>

/** @example callSetting(settings, 'optOutKey') */
export const callSetting = settingIn(CALL_SETTINGS)

/** What a flow sees of them: every setting that it may use, with its value. */
export interface LeadSettings {
  readonly safeHarbour: string
  readonly optOutKey: (typeof KEYS)[number]
  readonly message: string
  /** '': the queue of the campaign. */
  readonly pressOneTo: string
  readonly voicemailMessage: string
  readonly voicemailPerson: 'message' | 'agent'
  /** Milliseconds. */
  readonly voicemailWithinMs: number
  /** Hz. */
  readonly beepTones: readonly number[]
}

export function leadSettings(given: CallSettings): LeadSettings {
  return {
    safeHarbour: callSetting(given, 'safeHarbour'),
    optOutKey: callSetting(given, 'optOutKey'),
    message: callSetting(given, 'message'),
    pressOneTo: callSetting(given, 'pressOneTo'),
    voicemailMessage: callSetting(given, 'voicemailMessage'),
    voicemailPerson: callSetting(given, 'voicemailPerson'),
    voicemailWithinMs: callSetting(given, 'voicemailWithinMs'),
    beepTones: callSetting(given, 'beepTones'),
  }
}

/** The sounds that the settings name. */
export function soundsOfCalls(given: CallSettings): readonly string[] {
  const { safeHarbour, message, voicemailMessage, whisper } = given
  const whispered = whisper && 'sound' in whisper ? whisper.sound : undefined
  return [safeHarbour, message, voicemailMessage, whispered].filter(name => name !== undefined)
}

/** The thresholds that the campaign sets, as options of call.detect. */
export function detectOptions(given: CallSettings): {
  readonly initialSilence?: Duration
  readonly greeting?: Duration
  readonly afterGreeting?: Duration
} {
  const [initial, greeting, after] = [
    callSetting(given, 'detectInitialSilenceMs'),
    callSetting(given, 'detectGreetingMs'),
    callSetting(given, 'detectAfterGreetingMs'),
  ]
  return {
    ...(initial > 0 && { initialSilence: `${initial}ms` as const }),
    ...(greeting > 0 && { greeting: `${greeting}ms` as const }),
    ...(after > 0 && { afterGreeting: `${after}ms` as const }),
  }
}

/**
 * The settings in a row of a campaign.
 *
 * @throws InputError (BAD_INPUT) for a value that this version cannot use
 */
export const callSettingsIn = (stored: Readonly<Record<string, unknown>>): CallSettings =>
  readSettings(CALL_SETTINGS, stored)
