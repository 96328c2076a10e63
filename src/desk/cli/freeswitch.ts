/** `switchhook freeswitch write`: writes the files that FreeSWITCH needs into its folders. */
import { access, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { constants } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { InputError } from '../../base/errors.ts'
import { readConfig } from '../../config.ts'
import { loadFlows } from '../../flow/catalogue.ts'
import { placesOf, soundsNamed } from '../doctor/sounds.ts'
import { soundsOf } from '../../queue/waiting-settings.ts'
import { toneFor } from '../tone.ts'
import type { Desk } from './actions.ts'
import { answer, answers, type JsonOption } from './output.ts'

const DIALPLAN = fileURLToPath(new URL('../../../dialplan/', import.meta.url))
/** The place of each file below the configuration folder (dialplan/README.md). */
const FILES = [
  ['switchhook_vars.xml', 'dialplan/switchhook_vars.xml'],
  ['switchhook.xml', 'dialplan/switchhook.xml'],
  ['01_switchhook_did.xml', 'dialplan/public/01_switchhook_did.xml'],
  ['02_switchhook_agents.xml', 'dialplan/default/02_switchhook_agents.xml'],
  ['03_switchhook_park.xml', 'dialplan/default/03_switchhook_park.xml'],
] as const

export interface Written {
  readonly written: readonly string[]
  /** Files that existed before; they were not changed. */
  readonly kept: readonly string[]
}

interface WriteOptions extends JsonOption {
  readonly conf?: string
  readonly sounds?: string
}

export function freeswitchCommands(program: Command, { terminal }: Desk): void {
  const freeswitch = program.command('freeswitch').description('the files that FreeSWITCH needs').helpCommand(false)
  answers(
    freeswitch
      .command('write')
      .description('writes dialplan files, and short tones as sounds, into the folders of FreeSWITCH'),
  )
    .option('--conf <folder>', 'its configuration folder (fs_cli -x "global_getvar conf_dir"): gets the dialplan files')
    .option(
      '--sounds <folder>',
      'its sound folder (fs_cli -x "global_getvar sound_prefix"): gets a tone for each sound that the flows name',
    )
    .addHelpText(
      'after',
      `
An existing file is kept, whatever it contains. Replace the tones by recordings. Write the nodes and your
numbers into the dialplan files (dialplan/README.md), then run reloadxml in FreeSWITCH.

Examples:
  switchhook freeswitch write --conf /etc/freeswitch
  switchhook freeswitch write --sounds /usr/share/freeswitch/sounds/en/us/callie`,
    )
    .action(async ({ conf, sounds, ...options }: WriteOptions) => {
      if (conf === undefined && sounds === undefined)
        throw new InputError('no folder is given; use --conf <folder>, --sounds <folder>, or both')
      const done: Written[] = []
      if (conf !== undefined) done.push(await writeDialplan(conf))
      if (sounds !== undefined) done.push(await writeSounds(sounds, readConfig().scripts))
      const all = { written: done.flatMap(one => one.written), kept: done.flatMap(one => one.kept) }
      const people = () =>
        [...all.written.map(file => `written  ${file}\n`), ...all.kept.map(file => `kept     ${file}\n`)].join('')
      answer(terminal, options, all, people)
    })
}

/** Writes the dialplan files. Throws InputError (BAD_INPUT) when `conf` is not a configuration folder of FreeSWITCH. */
export async function writeDialplan(conf: string): Promise<Written> {
  const found = await readdir(conf).catch((): string[] => [])
  if (!found.includes('freeswitch.xml'))
    throw new InputError(`${resolve(conf)} is not a configuration folder of FreeSWITCH: it has no freeswitch.xml`)
  const targets = FILES.map(([from, to]) => ({
    file: join(resolve(conf), to),
    make: (file: string) => copyFile(join(DIALPLAN, from), file, constants.COPYFILE_EXCL),
  }))
  return writeAll(targets)
}

/**
 * Writes a tone for each sound that the flows of `scripts` name and that FreeSWITCH would not find. Throws InputError.
 */
export async function writeSounds(folder: string, scripts: string): Promise<Written> {
  await readdir(folder).catch((cause: Error) => {
    throw new InputError(`the sound folder ${resolve(folder)} cannot be read: ${cause.message}`, { cause })
  })
  const { uses } = await loadFlows(scripts)
  const names = await soundsNamed(scripts, {
    ...uses,
    sounds: [...uses.sounds, ...soundsOf({ announceEstimate: true })],
  })
  const there = await Promise.all(
    names.map(async name =>
      (await Promise.all(placesOf(name).map(place => exists(join(folder, place))))).some(Boolean),
    ),
  )
  const kept = names.filter((_, index) => there[index]).map(name => join(resolve(folder), `${name}.wav`))
  const missing = names.filter((_, index) => !there[index])
  const { written } = await writeAll(
    missing.map(name => ({
      file: join(resolve(folder), `${name}.wav`),
      make: file => writeFile(file, toneFor(name), { flag: 'wx' }),
    })),
  )
  return { written, kept }
}

async function writeAll(targets: readonly { file: string; make(file: string): Promise<void> }[]): Promise<Written> {
  const written: string[] = []
  const kept: string[] = []
  for (const { file, make } of targets) {
    try {
      await mkdir(dirname(file), { recursive: true })
      await make(file)
      written.push(file)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'EEXIST') throw new InputError(`${file} cannot be written: ${message}`, { cause: error })
      kept.push(file)
    }
  }
  return { written, kept }
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  )
