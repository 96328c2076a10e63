/**
 * Doctor: finds the sounds that flows name and FreeSWITCH does not have. The names come from the text of the scripts;
 * authors declare the names that are built at run time (`export const uses`). A missing sound is a fault, because the
 * caller does not hear the announcement.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../../base/errors.ts'
import { globalVariable } from '../../esl/api.ts'
import { filePath, type Ident } from '../../esl/safe-text.ts'
import { NO_USES, type Uses } from '../../flow/uses.ts'
import { soundsOf } from '../../queue/waiting-settings.ts'
import { fault, ok, type Finding } from './finding.ts'
import * as question from './doctor-queries.ts'
import type { Ask } from './doctor-queries.ts'
import { isHere } from './tcp-retries.ts'

/** mod_sndfile looks for ivr/welcome.wav first, then in a folder for each rate: ivr/8000/welcome.wav. */
const RATES = ['8000', '16000', '32000', '48000'] as const
const SHOWN = 5
/** The sounds with which mod_say_en speaks the position in a queue: 0 to 19, and the tens. */
const DIGITS = [...Array.from({ length: 20 }, (_, n) => n), 20, 30, 40, 50, 60, 70, 80, 90].map(n => `digits/${n}`)

export async function checkSounds(
  { host, port }: { readonly host: string; readonly port: number },
  scripts: string,
  uses: Uses,
  ask: Ask,
): Promise<Finding[]> {
  const name = `${host}:${port}`
  const sounds = await soundsNamed(scripts, uses)
  const prefix = await ask(globalVariable('sound_prefix' as Ident))
  if (sounds.length === 0) return []
  if (prefix === '' || prefix.startsWith('-ERR'))
    return [fault(name, 'it has no sound_prefix: it finds no sound', 'set sound_prefix in vars.xml')]
  const missing: string[] = []
  const empty: string[] = []
  for (const sound of sounds) {
    const file = await find(prefix, sound, ask)
    if (file === null) missing.push(sound)
    // the size of a file can only be read when FreeSWITCH runs on this machine
    else if (isHere(host) && (await stat(file).catch(() => null))?.size === 0) empty.push(sound)
  }
  if (missing.length + empty.length === 0) return [ok(name, `all ${sounds.length} sounds that the flows name exist`)]
  const shown = (list: readonly string[]) =>
    list.slice(0, SHOWN).join(', ') + (list.length > SHOWN ? ' and others' : '')
  const mend = `put them below ${prefix} on its machine, as .wav files; \`switchhook freeswitch write --sounds ${prefix}\` writes short tones as placeholders`
  return [
    ...(missing.length > 0
      ? [
          fault(
            name,
            `${missing.length} of the ${sounds.length} sounds that the flows name are missing: ${shown(missing)}`,
            mend,
          ),
        ]
      : []),
    ...(empty.length > 0
      ? [
          fault(
            name,
            `${empty.length} of the ${sounds.length} sounds that the flows name are empty files: ${shown(empty)}`,
            mend,
          ),
        ]
      : []),
  ]
}

/** Returns the paths below sound_prefix at which FreeSWITCH looks for a sound. */
export function placesOf(sound: string): string[] {
  const cut = sound.lastIndexOf('/')
  return [sound, ...RATES.map(rate => `${sound.slice(0, cut)}/${rate}${sound.slice(cut)}`)].map(place => `${place}.wav`)
}

/**
 * Returns the file that FreeSWITCH plays, or null. A path that cannot be put into a command is not reported as missing.
 */
async function find(prefix: string, sound: string, ask: Ask): Promise<string | null> {
  for (const place of placesOf(sound)) {
    const file = `${prefix}/${place}`
    try {
      if ((await ask(question.fileExists(filePath(file)))) === 'true') return file
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      return file
    }
  }
  return null
}

/**
 * Returns the sounds in the scripts of a folder, those that `uses` declares, those of queues without own settings when
 * a script puts callers into queues, and the digits when numbers are spoken.
 */
export async function soundsNamed(folder: string, uses: Uses = NO_USES): Promise<string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const texts = await Promise.all(
    files
      .filter(file => file.isFile() && /\.(ts|js|mjs)$/.test(file.name))
      .map(file => readFile(join(file.path, file.name), 'utf8')),
  )
  const code = texts.map(withoutNotes)
  const waiting = code.some(text => text.includes('.enqueue(')) ? soundsOf({}) : []
  const spoken = waiting.length > 0 || code.some(text => /[^\w.](number|digits)\(/.test(text)) ? DIGITS : []
  return [...new Set([...texts.flatMap(soundsIn), ...(uses.sounds ?? []), ...waiting, ...spoken])].sort()
}

/** Returns the quoted names such as 'ivr/welcome', without paths of imports and without endpoints. */
export function soundsIn(script: string): string[] {
  const quoted = [...withoutNotes(script).matchAll(/(['"`])([a-z0-9_-]+(?:\/[a-z0-9_-]+)+)\1/g)].map(match => match[2]!)
  return quoted.filter(name => !/^(user|sofia|loopback)\//.test(name))
}

const withoutNotes = (script: string) =>
  script.replace(/^\s*(import|export)\b.*\bfrom\b.*$/gm, '').replace(/(^|\s)\/\/.*$/gm, '')
