/**
 * The commands of all operations (operations/all.ts), made from their schemas: a positional field is an argument, every
 * other field an option. A form tells how people read the answer; an operation without a form has a plain one.
 */
import { Option, type Command } from 'commander'
import { FieldFaults } from '../../base/errors.ts'
import { readInput } from '../../base/parsed.ts'
import { OPERATIONS } from '../../operations/all.ts'
import { fieldsOf, valueOf, type Field, type Operation, type OutputOf } from '../../operations/operation.ts'
import type { Desk } from './actions.ts'
import { answer, answers, plain } from './output.ts'

/** What was typed: the input of the operation, and the options that only the command has. */
type Typed = Readonly<Record<string, unknown>>

interface Shown {
  /** The fields of the operation as they were typed. */
  readonly given: Typed
  /** The options of `shows`. */
  readonly options: Typed
  readonly colour: boolean
  /** The time that all nodes share, milliseconds since the epoch. */
  readonly now: number
}

export interface Form<Output> {
  /** The words of the command; default: '<noun> <verb>' as in the name of the operation. */
  readonly words?: string
  /** Text after the options in --help. */
  readonly help?: string
  /** Options that change only how the answer is shown. */
  readonly shows?: readonly (readonly [flags: string, description: string])[]
  people(output: Output, shown: Shown): string
  /** Lines for stderr. */
  notes?(output: Output, shown: Shown): readonly string[]
  /** Answers in another way than with the output, for an option of `shows`. False: not asked for. */
  instead?(typed: { readonly given: Typed; readonly options: Typed }, desk: Desk): Promise<boolean>
}

type AnyForm = Form<never> & { readonly of: string }

/** The form of one operation. */
export const form = <One extends Pick<Operation, 'name'>>(of: One, one: Form<OutputOf<One>>): AnyForm => ({
  ...(one as Form<never>),
  of: of.name,
})

/**
 * Adds the commands of the operations that the first word can mean. To build all of them takes a fifth of a start,
 * which `switchhook run` does not need. `nouns`: the descriptions of the groups.
 */
export function operationCommands(
  root: Command,
  desk: Desk,
  word: string | undefined,
  { forms, nouns }: { readonly forms: readonly AnyForm[]; readonly nouns: Readonly<Record<string, string>> },
): void {
  if (root.commands.some(known => known.name() === word)) return
  const all = OPERATIONS.map(one => {
    const shown = forms.find(({ of }) => of === one.name) ?? PLAIN
    return { one, shown, words: (shown.words ?? one.name.replace('.', ' ')).split(' ') }
  })
  const meant = all.filter(({ words }) => words[0] === word)
  for (const { one, shown, words } of meant.length > 0 ? meant : all) {
    const [first = '', second] = words
    const group =
      second === undefined
        ? root
        : (root.commands.find(known => known.name() === first) ?? addGroup(root, first, nouns[first] ?? first))
    operationCommand(group.command(second ?? first), one, shown, desk)
  }
}

const addGroup = (root: Command, noun: string, description: string): Command =>
  root.command(noun).description(description).helpCommand(false)

const PLAIN: Form<never> = { people: output => plain(output) }

function operationCommand(command: Command, one: Operation, shown: Form<never>, desk: Desk): void {
  const all = fieldsOf(one)
  answers(command.description(one.summary))
  for (const name of one.positional) {
    const { required = false, description } = all.find(field => field.name === name) ?? {}
    command.argument(required ? `<${kebab(name)}>` : `[${kebab(name)}]`, description)
  }
  const optional = all.filter(({ name }) => !one.positional.includes(name))
  for (const field of optional) command.addOption(optionOf(field))
  for (const [flags, description] of shown.shows ?? []) command.option(flags, description)
  if (shown.help !== undefined) command.addHelpText('after', shown.help)

  command.action((...typed: unknown[]) =>
    asTyped(one, async () => {
      const options = command.opts<Typed>()
      const given = Object.fromEntries(
        [
          ...one.positional.map((name, index) => [name, typed[index]] as const),
          ...optional.map(({ name }) => [name, options[name]] as const),
        ].filter(([, value]) => value !== undefined),
      )
      readInput(one.input, given) // before a store is opened
      if (await shown.instead?.({ given, options }, desk)) return
      const { output, now } = await desk.actions.perform(one, given)
      const context = { given, options, colour: desk.terminal.colour, now }
      for (const line of shown.notes?.(output as never, context) ?? []) desk.terminal.err(`${line}\n`)
      answer(desk.terminal, options, output, () => shown.people(output as never, context))
    }),
  )
}

function optionOf(field: Field): Option {
  const flag = `--${kebab(field.name)}`
  if (field.type === 'boolean') return new Option(flag, field.description)
  const option = new Option(`${flag} ${field.placeholder ?? '<value>'}`, field.description)
  if (field.default !== undefined) option.default(field.default)
  return option.argParser(text => valueOf(text, field)).makeOptionMandatory(field.required)
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)

/** Names the fields in faults as they are typed: --wrap-up for wrapUp. */
async function asTyped<T>({ positional }: Operation, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FieldFaults)) throw error
    const label = (field: string) => {
      const [name = ''] = field.split('.')
      return positional.includes(name) ? `<${kebab(name)}>` : `--${kebab(name)}`
    }
    throw new FieldFaults(error.faults, label)
  }
}
