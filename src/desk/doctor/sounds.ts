/** The sounds that flows name and the switch does not have. Found by reading the scripts: a name that is put together is not seen. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../../base/errors.ts'
import { globalVariable } from '../../esl/api.ts'
import { filePath, type Ident } from '../../esl/words.ts'
import { ok, warning, type Finding } from './finding.ts'
import * as question from './questions.ts'
import type { Ask } from './switch.ts'

/** mod_sndfile looks for ivr/welcome.wav and, when it is not there, in folders by rate: ivr/8000/welcome.wav. */
const RATES = ['8000', '16000', '32000', '48000'] as const
const SHOWN = 5

export async function checkSounds(name: string, scripts: string, ask: Ask): Promise<Finding[]> {
  const sounds = await soundsNamed(scripts)
  const prefix = await ask(globalVariable('sound_prefix' as Ident))
  if (sounds.length === 0 || prefix.startsWith('-ERR')) return []
  const missing: string[] = []
  for (const sound of sounds) if (!(await exists(prefix, sound, ask))) missing.push(sound)
  if (missing.length === 0) return [ok(name, `all ${sounds.length} sounds that the flows name are there`)]
  const shown = missing.slice(0, SHOWN).join(', ') + (missing.length > SHOWN ? ' and others' : '')
  return [
    warning(
      name,
      `${missing.length} of the ${sounds.length} sounds that the flows name are missing: ${shown}`,
      `put them below ${prefix} on its machine, as .wav files`,
    ),
  ]
}

async function exists(prefix: string, sound: string, ask: Ask): Promise<boolean> {
  const cut = sound.lastIndexOf('/')
  const places = [sound, ...RATES.map(rate => `${sound.slice(0, cut)}/${rate}${sound.slice(cut)}`)]
  for (const place of places) {
    try {
      if ((await ask(question.fileExists(filePath(`${prefix}/${place}.wav`)))) === 'true') return true
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      return true // a folder whose name we cannot say: not to be told as missing
    }
  }
  return false
}

/** 'ivr/welcome' in quotes; not the path of an import, nor an endpoint. */
export async function soundsNamed(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const texts = await Promise.all(
    files.filter(file => file.isFile() && /\.(ts|js|mjs)$/.test(file.name)).map(file => readFile(join(file.path, file.name), 'utf8')),
  )
  return [...new Set(texts.flatMap(soundsIn))].sort()
}

export function soundsIn(script: string): string[] {
  const code = script.replace(/^\s*(import|export)\b.*\bfrom\b.*$/gm, '').replace(/(^|\s)\/\/.*$/gm, '')
  const quoted = [...code.matchAll(/(['"`])([a-z0-9_-]+(?:\/[a-z0-9_-]+)+)\1/g)].map(match => match[2]!)
  return quoted.filter(name => !/^(user|sofia|loopback)\//.test(name))
}
