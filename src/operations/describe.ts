/** docs/operations.md: every operation as a table, made from the operations themselves. A test compares the two. */
import { OPERATIONS } from './all.ts'
import { fieldsOf, type Field, type Operation } from './operation.ts'

/** The tables of docs/operations.md, for each noun its operations and its settings, in Markdown. */
export function describeOperations(): string {
  const nouns = [...new Set(OPERATIONS.map(({ name }) => name.split('.')[0]!))]
  return nouns.map(sectionOf).join('\n')
}

function sectionOf(noun: string): string {
  const own = OPERATIONS.filter(({ name }) => name.startsWith(`${noun}.`))
  const operations = table(['operation', 'what it does', 'role', 'input', 'refusals'], own.map(rowOf))
  const settings = new Map(
    own
      .flatMap(fieldsOf)
      .filter(isSetting)
      .map(({ name, description = '' }) => [name, description]),
  )
  const rows = [...settings].map(([name, description]) => [`\`${name}\``, description])
  return [`## ${noun}\n`, operations, ...(rows.length > 0 ? [table(['setting', 'what it is'], rows)] : [])].join('\n')
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('')

const isSetting = ({ setting = false }: Field) => setting

function rowOf(one: Operation): string[] {
  const all = fieldsOf(one)
  const fields = all
    .filter(field => !isSetting(field))
    .map(({ name, description, required, default: standard }) => {
      const ending = required ? '' : standard === undefined ? ' (optional)' : ` (default: ${JSON.stringify(standard)})`
      return `\`${name}\`: ${description ?? ''}${ending}`
    })
  if (all.some(isSetting)) fields.push('the settings of the next table (optional)')
  const { name, summary, role, refusals } = one
  return [`\`${name}\``, summary, role, fields.join('; ') || '–', refusals.join(', ') || '–']
}
