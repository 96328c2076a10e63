/**
 * What the agent of a campaign hears in the first second of a talk, besides the lead: a short beep, and who it is. It
 * is mixed into what the agent hears (uuid_displace), so the join is not delayed by it, and the lead hears the agent
 * and nothing else: the two seconds of the law (16 CFR 310.4(b)(1)(iv)) are not used up by a whisper. Used by lead.ts.
 */
import { InputError } from '../base/errors.ts'
import type { CallSettings, Whisper } from '../campaign/call-settings.ts'
import { callSetting } from '../campaign/call-settings.ts'
import { appArgument, soundFile, soundName, type AppArgument } from '../esl/safe-text.ts'

/** 150 ms of 1400 Hz; the pause lets the agent tell it from the sound behind it. */
const BEEP = 'tone_stream://%(150,0,1400)'
/** First of the list when there is no beep: a list of which no file can be opened would be refused (esl/api.ts). */
const NOTHING = 'silence_stream://20'
const PAUSE = 'silence_stream://100'
const LONGEST_DIGITS = 16

/** Null: nothing is to be heard. What is missing on FreeSWITCH is left out. */
export function whisperFor(settings: CallSettings, fields: Readonly<Record<string, string>>): AppArgument | null {
  const beep = callSetting(settings, 'agentBeep')
  const sounds = soundsOf(callSetting(settings, 'whisper'), fields)
  if (!beep && sounds.length === 0) return null
  const first = beep ? BEEP : NOTHING
  return appArgument(`file_string://${[first, ...(sounds.length > 0 ? [PAUSE] : []), ...sounds].join('!')}`)
}

/** A column holds the name of a sound, or digits, which are spoken one by one; anything else is not whispered. */
function soundsOf(whisper: Whisper, fields: Readonly<Record<string, string>>): readonly string[] {
  if (whisper === null) return []
  if ('sound' in whisper) return [soundFile(soundName(whisper.sound))]
  const value = (fields[whisper.field] ?? '').trim()
  if (/^\d+$/.test(value))
    return value.length <= LONGEST_DIGITS ? [...value].map(digit => soundFile(soundName(`digits/${digit}`))) : []
  try {
    return [soundFile(soundName(value))]
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return []
  }
}
